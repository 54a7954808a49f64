//! How a socket is to be opened.

use std::time::Duration;

use crate::client::DEFAULT_TIMEOUT;

/// How a client, or a listener, is opened.
///
/// ```no_run
/// use std::time::Duration;
/// use genl_user::{Options, families::nlctrl};
///
/// # fn main() -> Result<(), genl_user::Error> {
/// let options = Options::new().timeout(Duration::from_secs(1));
/// let mut controller = nlctrl::Client::open_with(&options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until something is opened with them"]
pub struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) queue_size: Option<usize>,
}

impl Options {
    /// What `open` does: the calling thread's network namespace, [`DEFAULT_TIMEOUT`], and the
    /// system's size of the queue.
    pub fn new() -> Self {
        Self {
            timeout: Some(DEFAULT_TIMEOUT),
            queue_size: None,
        }
    }

    /// How long an answer is waited for, instead of [`DEFAULT_TIMEOUT`]; `None` is forever.
    ///
    /// Opening waits for answers too. Events come when they come: it is not about them.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// How many bytes of messages may queue up before the kernel drops some.
    ///
    /// More than the system's limit (`net.core.rmem_max`) takes CAP_NET_ADMIN; without it the limit
    /// is taken. The kernel doubles it, and counts the memory that messages take, not their length
    /// (`SO_RCVBUF` in socket(7)).
    pub fn queue_size(mut self, bytes: usize) -> Self {
        self.queue_size = Some(bytes);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
