//! Operations that change something, and that anyone may call.

use super::Lints;
use crate::diag::{Code, Diagnostic};
use crate::model::{Op, Permission};

/// Words of a name that say that something is changed.
const CHANGING: [&str; 40] = [
    "set",
    "new",
    "del",
    "add",
    "delete",
    "create",
    "remove",
    "flush",
    "update",
    "clear",
    "reset",
    "destroy",
    "change",
    "replace",
    "modify",
    "write",
    "put",
    "insert",
    "move",
    "rename",
    "swap",
    "bind",
    "unbind",
    "attach",
    "detach",
    "enable",
    "disable",
    "start",
    "stop",
    "abort",
    "join",
    "leave",
    "connect",
    "disconnect",
    "register",
    "unregister",
    "rotate",
    "reload",
    "act",
    "install",
];

/// Words that say that something is only asked for.
const ASKING: [&str; 8] = [
    "get", "list", "show", "dump", "read", "query", "find", "stats",
];

/// Warns of operations that change something and ask for no permission.
pub(super) fn check(lints: &mut Lints<'_>) {
    let family = lints.family;
    let specs = lints.ops();
    let specs: std::collections::HashMap<_, _> = specs
        .map(|(spec, name, span)| (name, (spec, span)))
        .collect();
    for op in &family.ops {
        let Some(sign) = changes(op).filter(|_| op.permission == Permission::Anyone) else {
            continue;
        };
        if let Some((spec, span)) = specs.get(op.name.as_str()) {
            let message = format!(
                "`{}` seems to change something, and anyone may call it",
                op.name
            );
            let warning = Diagnostic::new(Code::UnguardedChange, *span, message)
                .label(sign)
                .help(
                    "let only those call it who have CAP_NET_ADMIN: in the network namespace by \
                     `flags: [uns-admin-perm]`, if it changes nothing outside of that, or on the \
                     whole machine by `flags: [admin-perm]`; if it is for anyone, say \
                     `x-allow: [unguarded-change]`",
                );
            lints.warn(warning, &[&spec.x_allow]);
        }
    }
}

/// The sign that the operation changes something, if there is one.
fn changes(op: &Op) -> Option<String> {
    let call = op.do_.as_ref()?;
    let words: Vec<_> = op.name.as_str().split(['-', '_']).collect();
    let has = |list: &[&'static str]| {
        let mut list = list.iter();
        list.find(|word| words.contains(word)).copied()
    };
    if has(&ASKING).is_some() {
        return None;
    }
    if let Some(word) = has(&CHANGING) {
        return Some(format!("its name has `{word}` in it"));
    }
    // What tells nothing can be of use only by what it does.
    let silent = call.reply.is_none() && op.dump.is_none();
    silent.then(|| "it answers nothing".to_owned())
}
