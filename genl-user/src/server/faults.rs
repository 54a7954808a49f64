//! Calls that go wrong though nothing is wrong with them, as a test has asked for.

use std::fmt;

use super::engine::Way;
use crate::family::Operation;

/// What was asked for and has not come to pass, in the order in which it was asked for.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

struct Fault {
    family: &'static str,
    operation: &'static str,
    cmd: u8,
    is_dump: bool,
    /// So many calls go well before.
    before: usize,
    harm: Harm,
}

/// What becomes of a call.
pub(crate) enum Harm {
    /// It fails with this error number.
    Failure(i32),
    /// It is a dump, and what it lists seems to be changed meanwhile.
    Interruption,
}

impl Faults {
    /// Harms the `nth` call from now on.
    pub(crate) fn add(&mut self, operation: &Operation, nth: usize, harm: Harm) {
        self.0.push(Fault {
            family: operation.family.name,
            operation: operation.name,
            cmd: operation.cmd,
            is_dump: operation.is_dump,
            before: nth - 1,
            harm,
        });
    }

    /// A call is made that nothing is wrong with.
    ///
    /// # Errors
    ///
    /// The error number that it is to fail with.
    pub(super) fn hit(&mut self, family: &str, way: &Way) -> Result<(), i32> {
        let mut hit = None;
        for (at, fault) in self.0.iter_mut().enumerate() {
            if fault.is_of(family, way)
                && let Harm::Failure(errno) = fault.harm
            {
                match fault.before.checked_sub(1) {
                    Some(before) => fault.before = before,
                    None => hit = hit.or(Some((at, errno))),
                }
            }
        }
        let Some((at, errno)) = hit else {
            return Ok(());
        };
        self.0.remove(at);
        Err(errno)
    }

    /// A dump has begun: whether it is to be interrupted.
    pub(super) fn interrupt(&mut self, family: &str, way: &Way) -> bool {
        let is_its =
            |fault: &Fault| matches!(fault.harm, Harm::Interruption) && fault.is_of(family, way);
        let at = self.0.iter().position(is_its);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// What has not come to pass, in words.
    pub(crate) fn left(&self) -> Vec<String> {
        self.0.iter().map(Fault::to_string).collect()
    }
}

impl Fault {
    fn is_of(&self, family: &str, way: &Way) -> bool {
        self.cmd == way.cmd && self.is_dump == way.is_dump && self.family == family
    }
}

/// As the call is told to the tool `genl`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.is_dump {
            true => "dump",
            false => "do",
        };
        write!(f, "{} {way} {}", self.family, self.operation)
    }
}
