//! Sockets in other network namespaces than the caller's.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

use crate::error::Error;
use crate::sys;

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
}

impl Netns {
    /// One that has a name, as `ip netns add` gives: a file in `/run/netns`.
    pub fn named(name: &str) -> Self {
        Self::path(PathBuf::from("/run/netns").join(name))
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

    /// Does something there on the calling thread, and comes back.
    ///
    /// Who may not come back does not go: to enter the own namespace once more takes all rights
    /// that coming back takes. What can fail after that is an allocation of the kernel's. It ends
    /// the process, as a failed allocation does elsewhere in Rust: a thread that goes on in the
    /// wrong network would be worse.
    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> Result<T, Error> {
        let failed = |source| Error::Netns {
            netns: self.to_string(),
            source,
        };
        let there = self.open().map_err(failed)?;
        let here = File::open(OWN).map_err(failed)?;
        sys::enter_netns(here.as_fd()).map_err(|source| Error::Netns {
            netns: format!("{OWN} again"),
            source,
        })?;
        let _back = Back(here);
        sys::enter_netns(there.as_fd()).map_err(failed)?;
        Ok(run())
    }

    fn open(&self) -> io::Result<Opened<'_>> {
        match &self.0 {
            Place::Path(path) => File::open(path).map(Opened::File),
            Place::Fd(fd) => Ok(Opened::Fd(fd.as_fd())),
        }
    }
}

impl fmt::Display for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Path(path) => path.display().fmt(f),
            Place::Fd(fd) => write!(f, "of descriptor {fd:?}"),
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
