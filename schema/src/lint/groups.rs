//! Notifications and the groups that they are sent to.

use std::collections::{HashMap, HashSet};

use super::Lints;
use crate::diag::{Code, Diagnostic};
use crate::model::{GroupId, Permission};

/// Warns of notifications without a group, of groups without notifications, and of groups that
/// tell everyone what only some may ask for.
pub(super) fn check(lints: &mut Lints<'_>) {
    check_ungrouped(lints);
    check_silent(lints);
    check_open(lints);
}

fn check_ungrouped(lints: &mut Lints<'_>) {
    for (op, name, span) in lints.ops() {
        let is_async = op.notify.is_present() || op.event.is_present();
        if is_async && !op.mcgrp.is_present() {
            let message = format!("nobody can listen for `{name}`: it has no group");
            let help = match lints.family.groups.is_empty() {
                true => {
                    "add `mcast-groups`, and `mcgrp` here; `x-allow: [no-group]` says that it is \
                         only ever sent to one port"
                }
                false => {
                    "say in `mcgrp` to which group it is sent; `x-allow: [no-group]` says that it \
                          is only ever sent to one port"
                }
            };
            let warning = Diagnostic::new(Code::NoGroup, span, message).help(help);
            lints.warn(warning, &[&op.x_allow]);
        }
    }
}

fn check_silent(lints: &mut Lints<'_>) {
    let heard: HashSet<GroupId> = lints
        .family
        .events
        .iter()
        .filter_map(|it| it.group)
        .collect();
    let spec = lints.spec;
    let specs = spec.mcast_groups.get().into_iter();
    let specs = specs.flat_map(|section| section.list.items());
    for ((id, group), (spec, at)) in lints.family.groups().zip(specs) {
        if !heard.contains(&id) {
            let message = format!("nothing is ever sent to group `{}`", group.name);
            let span = spec.name.span().unwrap_or(at);
            let warning = Diagnostic::new(Code::UnusedGroup, span, message)
                .help("name it in the `mcgrp` of a notification, or remove it");
            lints.warn(warning, &[&spec.x_allow]);
        }
    }
}

/// Whoever repeats the reply of a guarded call to an open group tells it to those who may not call.
fn check_open(lints: &mut Lints<'_>) {
    let family = lints.family;
    let specs: HashMap<_, _> = lints.ops().map(|(op, name, at)| (name, (op, at))).collect();
    for event in &family.events {
        let (Some(repeated), Some(group)) = (&event.repeats, event.group) else {
            continue;
        };
        let mut ops = family.ops.iter();
        let guarded = ops
            .find(|op| op.name == *repeated)
            .is_some_and(|op| op.permission != Permission::Anyone);
        let group = &family[group];
        if !guarded || group.permission != Permission::Anyone {
            continue;
        }
        let (Some((spec, at)), Some((called, _))) =
            (specs.get(event.name.as_str()), specs.get(repeated.as_str()))
        else {
            continue;
        };
        let message = format!(
            "`{}` tells anyone what `{repeated}` tells the privileged only",
            event.name
        );
        let mut warning =
            Diagnostic::new(Code::OpenGroup, spec.mcgrp.span().unwrap_or(*at), message)
                .label("anyone may join this group")
                .help(format!(
                    "`flags: [uns-admin-perm]` on group `{}` restricts who may join",
                    group.name
                ));
        if let Some((_, flags)) = called.flags.items().next() {
            warning = warning.related(flags, "this call is restricted");
        }
        lints.warn(warning, &[&spec.x_allow]);
    }
}
