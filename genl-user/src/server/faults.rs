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

    /// A call is made that nothing is wrong with: whether it is a dump that is to be interrupted.
    ///
    /// # Errors
    ///
    /// The error number that it is to fail with.
    pub(super) fn hit(&mut self, family: &str, way: &Way) -> Result<bool, i32> {
        let mut hit = None;
        for (at, fault) in self.0.iter_mut().enumerate() {
            let is_its = fault.cmd == way.cmd && fault.is_dump == way.is_dump;
            if is_its && fault.family == family {
                match fault.before.checked_sub(1) {
                    Some(before) => fault.before = before,
                    None => hit = hit.or(Some(at)),
                }
            }
        }
        match hit.map(|at| self.0.remove(at).harm) {
            Some(Harm::Failure(errno)) => Err(errno),
            Some(Harm::Interruption) => Ok(true),
            None => Ok(false),
        }
    }

    /// What has not come to pass, in words.
    pub(crate) fn left(&self) -> Vec<String> {
        self.0.iter().map(Fault::to_string).collect()
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
