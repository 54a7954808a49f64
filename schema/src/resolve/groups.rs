//! Multicast groups.

use super::need;
use super::scope::{GROUP, Scope, check_length, check_name};
use crate::diag::{Code, Diagnostic};
use crate::model::{Group, Permission, Protocol};
use crate::name::Name;
use crate::spec::{self, Capability, Flag};

/// All groups of a family.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) groups: Vec<Group>,
    pub(super) scope: Scope,
}

pub(super) fn resolve(
    spec: &spec::Family,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> Groups {
    let mut groups = Vec::new();
    let Some((section, at)) = spec.mcast_groups.here() else {
        let scope = Scope::new(GROUP, !spec.mcast_groups.is_broken());
        return Groups { groups, scope };
    };
    need(&section.list, "list", "`mcast-groups`", at, faults);
    let mut scope = Scope::new(GROUP, !section.list.has_broken());
    for (group, at) in section.list.items() {
        let Some(name) = need(&group.name, "name", "the group", at, faults) else {
            scope.leave_open();
            continue;
        };
        let span = group.name.span().unwrap_or(at);
        check_name(name, span, protocol, faults);
        check_length(name, span, "group", faults);
        scope.declare(name, span, groups.len(), faults);
        groups.push(Group {
            name: Name::new(name),
            permission: permission(group, protocol, faults),
            c_define_name: group.c_define_name.get().cloned(),
        });
    }
    // The kernel counts them in a u8 (`genl_family.n_mcgrps`).
    if let Some((_, span)) = section.list.items().nth(u8::MAX.into()) {
        let message = "a family has at most 255 multicast groups";
        faults.push(Diagnostic::new(Code::TooMany, span, message).label("the 256th"));
    }
    Groups { groups, scope }
}

fn permission(group: &spec::Group, protocol: Protocol, faults: &mut Vec<Diagnostic>) -> Permission {
    let mut permission = match group.x_cap.get() {
        Some(Capability::SysAdmin) => Permission::NetnsSysAdmin,
        None => Permission::Anyone,
    };
    for (flag, span) in group.flags.items() {
        if group.x_cap.get().is_some() {
            let message = "a group asks either for `x-cap` or by `flags`";
            faults.push(
                Diagnostic::new(Code::BadGroupFlag, span, message).label("asks for another right"),
            );
        }
        match flag {
            Flag::UnsAdminPerm => permission = Permission::NetnsAdmin,
            Flag::AdminPerm => {
                permission = Permission::Admin;
                if protocol != Protocol::GenetlinkLegacy {
                    let message = "the kernel cannot ask for `admin-perm` of a group's listeners";
                    faults.push(
                        Diagnostic::new(Code::BadGroupFlag, span, message)
                            .label("asks for a right in the initial user namespace")
                            .help("`uns-admin-perm` asks for it in the netns's own"),
                    );
                }
            }
        }
    }
    permission
}
