//! Answers that did not come in time.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::family::Operation;
use crate::socket::Socket;

/// A request to which no answer came in time; or that was not even sent until then, as a process or a
/// socket had no room for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedOut {
    /// The family.
    pub family: Cow<'static, str>,
    /// The operation.
    pub operation: Cow<'static, str>,
    /// The family that the controller was asked for: to open a client, or to join a group.
    pub looked_for: Option<String>,
    /// The port of the process that was asked in place of the kernel.
    pub peer: Option<u32>,
    /// How long the answer was waited for.
    pub timeout: Duration,
    /// The request may have been sent: whether it was carried out nobody knows then. Otherwise it was not.
    pub sent: bool,
}

impl TimedOut {
    /// What was asked over a socket.
    pub(crate) fn of(operation: &Operation, socket: &Socket, timeout: Duration) -> Self {
        Self {
            family: operation.family.name.into(),
            operation: operation.name.into(),
            looked_for: None,
            peer: socket.peer(),
            timeout,
            sent: true,
        }
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.family)?;
        if let Some(port) = self.peer {
            write!(f, " at port {port}")?;
        }
        let outcome = match self.sent {
            true => "did not answer",
            false => "could not be sent",
        };
        write!(f, " {outcome} {}", self.operation)?;
        if let Some(family) = &self.looked_for {
            write!(f, " of \"{family}\"")?;
        }
        write!(f, " within {:?}", self.timeout)
    }
}

impl std::error::Error for TimedOut {}
