//! How a socket is to be opened.

use std::time::Duration;

use crate::client::DEFAULT_TIMEOUT;
use crate::netns::Netns;
#[cfg(feature = "testing")]
use crate::testing::Kernel;

/// How a client, or a listener, is opened.
///
/// ```
/// use std::time::Duration;
/// use genl_user::{Options, families::nlctrl};
///
/// # fn main() -> Result<(), genl_user::Error> {
/// let options = Options::new().timeout(Duration::from_secs(1));
/// let mut controller = nlctrl::Client::open_with(&options)?;
/// # let nlctrl = nlctrl::Getfamily { family_name: Some("nlctrl"), ..Default::default() };
/// # assert_eq!(controller.getfamily(&nlctrl)?.family_id(), Some(16));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until something is opened with them"]
pub struct Options {
    pub(crate) netns: Option<Netns>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) wait_for_family: Option<Duration>,
    pub(crate) queue_size: Option<usize>,
    pub(crate) peer: Option<u32>,
    pub(crate) peer_user: Option<u32>,
    #[cfg(feature = "testing")]
    pub(crate) kernel: Option<Kernel>,
}

impl Options {
    /// What `open` does: the calling thread's network namespace, [`DEFAULT_TIMEOUT`], and the
    /// system's size of the queue.
    pub fn new() -> Self {
        Self {
            netns: None,
            timeout: Some(DEFAULT_TIMEOUT),
            wait_for_family: None,
            queue_size: None,
            peer: None,
            peer_user: None,
            #[cfg(feature = "testing")]
            kernel: None,
        }
    }

    /// It is a fake kernel that is talked to.
    pub(crate) fn is_fake(&self) -> bool {
        #[cfg(feature = "testing")]
        return self.kernel.is_some();
        #[cfg(not(feature = "testing"))]
        false
    }

    /// Another network namespace than the calling thread's.
    ///
    /// The thread enters it to open the socket and comes back, both of which take CAP_SYS_ADMIN in
    /// the user namespaces that the two belong to; who could not come back does not go.
    pub fn netns(mut self, netns: Netns) -> Self {
        self.netns = Some(netns);
        self
    }

    /// Talks to another process instead of the kernel: to the one that has this port of protocol
    /// NETLINK_USERSOCK, and serves there what the kernel serves elsewhere. What it refuses names the port; if
    /// none has it, to open a client is [`Error::Unreachable`](crate::Error::Unreachable), of ECONNREFUSED.
    ///
    /// Whoever has the port is believed, and told what the calls tell: once a server is gone that may be a
    /// process of any user in the network namespace, unless [`Self::peer_user`] says of which. To listen
    /// takes CAP_NET_ADMIN; and nobody tells a listener, or what follows it, that the server has ended.
    pub fn peer(mut self, port: u32) -> Self {
        self.peer = Some(port);
        #[cfg(feature = "testing")]
        {
            self.kernel = None;
        }
        self
    }

    /// Believes what comes from the [process](Self::peer)'s port only where this user's process has written
    /// it. Of the kernel it says nothing.
    ///
    /// The kernel tells with each datagram whose process has written it (SO_PASSCRED), which need not be the
    /// one that has opened the port: its real user, or the effective or the saved one if it names that
    /// (`scm_check_creds()`), in the client's user namespace; 65534 (`overflowuid`) stands for anyone who
    /// has no number there. What another user's process sends from the port is an
    /// [`Error::Io`](crate::Error::Io), of [`PermissionDenied`](std::io::ErrorKind::PermissionDenied), which
    /// says whose it is; nothing is taken from it.
    ///
    /// To open a client asks that process for the family, so no call tells anything to another user's that
    /// has the port by then. One that gets it later is told what the calls tell, but not believed.
    pub fn peer_user(mut self, uid: u32) -> Self {
        self.peer_user = Some(uid);
        self
    }

    /// Talks to a fake kernel. Of this and [`Self::peer`] what is said last counts. As it has one network
    /// namespace, [`Self::netns`] does not count beside it.
    #[cfg(feature = "testing")]
    pub fn kernel(mut self, kernel: &Kernel) -> Self {
        self.kernel = Some(kernel.clone());
        self.peer = None;
        self
    }

    /// How long an answer is waited for, instead of [`DEFAULT_TIMEOUT`]; `None` is forever.
    ///
    /// Opening waits for answers too. Events come when they come: it is not about them.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Waits until the kernel has the family, so long at most: its module may be loaded later.
    ///
    /// An answer to the question for it is waited for as long as [`Self::timeout`] says: who is asked and says
    /// nothing is given up then.
    ///
    /// Nothing is polled: the controller tells of each family that comes (`genl_ctrl_event()`). Only who
    /// waits for another [process](Self::peer)'s and may not listen to its groups, which takes
    /// CAP_NET_ADMIN, asks it several times a second.
    ///
    /// ```
    /// use std::time::Duration;
    /// use genl_user::{Connection, Error, Family, Options};
    ///
    /// static GREETER: Family = Family { name: "no-greeter", version: 1 };
    /// let options = Options::new().wait_for_family(Duration::from_millis(50));
    /// let error = Connection::open_with(&GREETER, &options).unwrap_err();
    /// assert!(matches!(error, Error::UnknownFamily { .. }));
    /// ```
    pub fn wait_for_family(mut self, timeout: Duration) -> Self {
        self.wait_for_family = Some(timeout);
        self
    }

    /// How many bytes of messages may queue up before the kernel drops some.
    ///
    /// A pipeline sets 1 MiB when it is first sent, unless there is as much.
    ///
    /// More than the system's limit (`net.core.rmem_max`) takes CAP_NET_ADMIN (SO_RCVBUFFORCE);
    /// without it the limit is taken. The kernel doubles it, and counts the memory that messages
    /// take, not their length (`SO_RCVBUF` in socket(7)).
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
