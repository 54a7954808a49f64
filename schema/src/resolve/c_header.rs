//! What the spec says of the uAPI header, carried over as it is.

use crate::decode::Key;
use crate::model::{CDefinition, CFamily, CName, Scope};
use crate::spec;

pub(super) fn of_family(spec: &spec::Family) -> CFamily {
    let operations = spec.operations.get();
    let of_ops = |pick: fn(&spec::Operations) -> &Key<String>| {
        operations.and_then(|operations| pick(operations).get().cloned())
    };
    CFamily {
        header: spec.uapi_header.get().cloned(),
        family_name: spec.c_family_name.get().cloned(),
        version_name: spec.c_version_name.get().cloned(),
        max_by_define: spec.max_by_define.get() == Some(&true),
        cmd_max_name: spec.cmd_max_name.get().cloned(),
        cmd_cnt_name: spec.cmd_cnt_name.get().cloned(),
        op_prefix: of_ops(|operations| &operations.name_prefix),
        op_enum: operations.map_or(CName::Derived, |operations| name(&operations.enum_name)),
        async_prefix: of_ops(|operations| &operations.async_prefix),
        async_enum: operations.map_or(CName::Derived, |operations| name(&operations.async_enum)),
    }
}

pub(super) fn of_definition(spec: &spec::Definition) -> CDefinition {
    CDefinition {
        header: spec.header.get().cloned(),
        scope: match spec.scope.get() {
            Some(spec::Scope::Kernel) => Scope::Kernel,
            Some(spec::Scope::User) => Scope::User,
            Some(spec::Scope::Uapi) | None => Scope::Uapi,
        },
        prefix: spec.name_prefix.get().cloned(),
        enum_name: name(&spec.enum_name),
        cnt_name: spec.enum_cnt_name.get().cloned(),
        max_name: None,
        render_max: spec.render_max.get() == Some(&true),
    }
}

pub(super) fn of_set(spec: &spec::AttrSet) -> CDefinition {
    CDefinition {
        header: spec.header.get().cloned(),
        scope: Scope::Uapi,
        prefix: spec.name_prefix.get().cloned(),
        enum_name: name(&spec.enum_name),
        cnt_name: spec.attr_cnt_name.get().cloned(),
        max_name: spec.attr_max_name.get().cloned(),
        render_max: false,
    }
}

fn name(key: &Key<Option<String>>) -> CName {
    match key.get() {
        None => CName::Derived,
        Some(Some(name)) if !name.is_empty() => CName::Given(name.clone()),
        Some(_) => CName::Anonymous,
    }
}
