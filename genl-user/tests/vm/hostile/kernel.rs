//! Whether the kernel has reported a fault of its own.

use super::ASKED;
use crate::guest::{KernelLog, kernel_log};

/// What only a fault's report has. The host looks at the whole log again, in more detail.
const SIGNS: &[&str] = &[
    "BUG: ",
    "KASAN: ",
    "ODEBUG: ",
    "Oops",
    "UBSAN: ",
    "WARNING: ",
    "general protection fault",
    "possible ",
    "refcount_t: ",
    "rust_kernel: panicked",
];

pub(super) struct Kernel(KernelLog);

impl Kernel {
    /// What was logged before does not count.
    pub(super) fn watch() -> Self {
        Self(kernel_log())
    }

    /// Says what the kernel has reported since it was last asked, if that is a fault.
    pub(super) fn is_well(&mut self) -> Result<(), String> {
        let lines = self.0.lines();
        let is_sign = |line: &String| SIGNS.iter().any(|sign| line.starts_with(sign));
        match lines.iter().any(is_sign) {
            true => Err(format!(
                "the kernel is at fault, by one of the last {ASKED} datagrams:\n{}",
                lines.join("\n")
            )),
            false => Ok(()),
        }
    }
}
