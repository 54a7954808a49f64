//! Operations that the kernel has only where a configuration option is set (`config-cond`).

use super::text::Text;
use crate::model::Op;
use crate::name::Name;

/// `#[cfg(…)]`, on a thing that belongs to an operation.
pub(super) fn of_op(text: &mut Text, op: &Op) {
    if let Some(condition) = &op.config_cond {
        let option = Name::new(condition).shouty();
        text.line(format!("#[cfg(CONFIG_{option})]"));
    }
}
