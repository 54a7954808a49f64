//! Sockets in other network namespaces than the caller's.

mod number;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

use crate::error::Error;
use crate::sys;

/// Where namespaces that have a name are to be found.
const NAMED: &str = "/run/netns";

/// Where the calling thread's network namespace is to be found.
const OWN: &str = "/proc/thread-self/ns/net";

/// A network namespace to open a client in; see [`Options::netns`](crate::Options::netns).
///
/// A socket stays in the namespace that it was opened in, wherever its threads go (`sock_net()`):
/// opening enters the namespace with setns(2) and comes back, and nothing else is done there.
///
/// ```
/// use genl_user::{Netns, Options, families::nlctrl};
///
/// let options = Options::new().netns(Netns::named("blue"));
/// match nlctrl::Client::open_with(&options) {
///     Ok(controller) => println!("{controller:?}"),
///     // cannot enter the network namespace /run/netns/blue: No such file or directory
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Netns(Place);

#[derive(Debug, Clone)]
enum Place {
    Path(PathBuf),
    Fd(Arc<OwnedFd>),
    Number(i32),
}

impl Netns {
    /// One that has a name, as `ip netns add` gives: a file in `/run/netns`.
    pub fn named(name: &str) -> Self {
        Self::path(PathBuf::from(NAMED).join(name))
    }

    /// The one that a file stands for.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Place::Path(path.into()))
    }

    /// The one that a process is in when a client is opened.
    pub fn pid(pid: u32) -> Self {
        Self::path(format!("/proc/{pid}/ns/net"))
    }

    /// The one that an open file stands for.
    pub fn fd(fd: impl Into<OwnedFd>) -> Self {
        Self(Place::Fd(Arc::new(fd.into())))
    }

    /// The one that the calling thread's namespace knows by this number when a client is opened
    /// (`ip netns set`, `ip netns list-id`): what [`Notice::nsid`](crate::Notice::nsid) tells of an
    /// event from elsewhere.
    ///
    /// The kernel opens none by its number. One is found if it has a name in `/run/netns`, or a
    /// process in it that the caller may look at.
    pub fn numbered(number: i32) -> Self {
        Self(Place::Number(number))
    }

    /// Does something there on the calling thread, and comes back.
    ///
    /// Who may not come back does not go: to enter the own namespace once more takes all rights
    /// that coming back takes. What can fail after that is an allocation of the kernel's. It ends
    /// the process, as a failed allocation does elsewhere in Rust: a thread that goes on in the
    /// wrong network would be worse.
    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> Result<T, Error> {
        let failed = |cause| Error::Netns {
            netns: self.to_string(),
            cause,
        };
        let there = self.open().map_err(failed)?;
        let here = File::open(OWN).map_err(failed)?;
        sys::enter_netns(here.as_fd()).map_err(|cause| Error::Netns {
            netns: format!("{self} and come back"),
            cause,
        })?;
        let _back = Back(here);
        sys::enter_netns(there.as_fd()).map_err(failed)?;
        Ok(run())
    }

    fn open(&self) -> io::Result<Opened<'_>> {
        match &self.0 {
            Place::Path(path) => File::open(path).map(Opened::File),
            Place::Fd(fd) => Ok(Opened::Fd(fd.as_fd())),
            Place::Number(number) => number::find(*number).map(Opened::File),
        }
    }
}

impl fmt::Display for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Path(path) => path.display().fmt(f),
            Place::Fd(fd) => write!(f, "of descriptor {fd:?}"),
            Place::Number(number) => write!(f, "number {number}"),
        }
    }
}

enum Opened<'a> {
    File(File),
    Fd(BorrowedFd<'a>),
}

impl AsFd for Opened<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::File(file) => file.as_fd(),
            Self::Fd(fd) => *fd,
        }
    }
}

/// Brings the thread back into a namespace, even from a panic.
struct Back(File);

impl Drop for Back {
    fn drop(&mut self) {
        if let Err(error) = sys::enter_netns(self.0.as_fd()) {
            eprintln!("genl-user: cannot return to the network namespace: {error}");
            std::process::abort();
        }
    }
}
