//! Operations that the kernel has only where a configuration option is set (`config-cond`), and
//! what is there for their sake alone.

use super::policy::covered;
use super::text::Text;
use super::within;
use crate::model::{AttrSet, Family, Op};
use crate::name::Name;

/// `#[cfg(…)]`, on a thing that belongs to an operation.
pub(super) fn of_op(text: &mut Text, op: &Op) {
    render(text, std::iter::once(op));
}

/// On a thing that belongs to requests of these names.
pub(super) fn of_requests(text: &mut Text, family: &Family, names: &[&Name]) {
    let users = family.ops.iter().filter(|op| {
        let mut calls = op.do_.iter().chain(&op.dump);
        calls.any(|call| names.contains(&&family[call.request].name))
    });
    render(text, users);
}

/// On a thing that belongs to a set that requests nest.
pub(super) fn of_nest(text: &mut Text, family: &Family, set: &AttrSet) {
    if family.ops.iter().all(|op| op.config_cond.is_none()) {
        return;
    }
    let users = family.ops.iter().filter(|op| {
        let mut calls = op.do_.iter().chain(&op.dump);
        calls.any(|call| {
            let covered = covered(family, op, call);
            let attrs = covered.iter().flat_map(|(set, attrs)| {
                let set = &family[*set];
                attrs.iter().map(|at| &set.attrs[*at])
            });
            let mut nested = within(family, attrs).into_iter();
            nested.any(|nested| nested.name == set.name)
        })
    });
    render(text, users);
}

/// Nothing, if one of the users is always there.
fn render<'f>(text: &mut Text, users: impl Iterator<Item = &'f Op>) {
    let mut options: Vec<String> = Vec::new();
    for op in users {
        let Some(condition) = &op.config_cond else {
            return;
        };
        let option = format!("CONFIG_{}", Name::new(condition).shouty());
        if !options.contains(&option) {
            options.push(option);
        }
    }
    match options.as_slice() {
        [] => {}
        [option] => text.line(format!("#[cfg({option})]")),
        options => text.line(format!("#[cfg(any({}))]", options.join(", "))),
    }
}
