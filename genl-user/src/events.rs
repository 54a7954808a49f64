//! Messages that the kernel sends of its own accord: to groups, or to this port alone.

mod aside;
mod follow;
mod listener;
mod look_up;
mod notice;
mod roster;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::error::Error;
use crate::family::Family;
use crate::options::Options;
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{Blocking, Deadline, Transport, now};

#[cfg(feature = "tokio")]
pub use self::follow::AsyncFollow;
pub use self::follow::{Follow, RevisionOf, Snapshot, Update};
#[cfg(feature = "tokio")]
pub use self::listener::AsyncListener;
pub use self::listener::{Listener, Listening};
pub use self::notice::{Heard, Notice};

/// The multicast groups of a family: the generated `Group` types.
pub trait Group: Copy {
    /// What can come from the family.
    type Event<'a>;

    /// The family.
    const FAMILY: &'static Family;

    /// The group's name.
    fn name(self) -> &'static str;

    /// Reads what came; what is not known becomes an event as well.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is an event of the family and cannot be read.
    fn event(notice: Notice<'_>) -> Result<Self::Event<'_>, Error>;

    /// The event that says that others were lost.
    fn overrun<'a>() -> Self::Event<'a>;

    /// The event that says that the family was loaded anew.
    fn reloaded<'a>() -> Self::Event<'a>;
}

/// A socket that listens to groups of one family, and to what the kernel sends to its port.
///
/// It is a [`Listener`], which follows the family when its module is loaded anew, with the family's
/// own type of events.
pub type Events<G> = ListeningTo<G, Blocking>;

/// [`Events`] whose `next` is awaited in a task of tokio's.
#[cfg(feature = "tokio")]
pub type AsyncEvents<G> = ListeningTo<G, Tokio>;

/// What [`Events`] and `AsyncEvents` are.
pub struct ListeningTo<G, T: Transport> {
    listener: Listening<T>,
    groups: PhantomData<fn() -> G>,
}

impl<G: Group> Events<G> {
    /// Opens a socket in the calling thread's network namespace and joins the groups; none is
    /// needed to listen to what comes to the socket's own port.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::join`].
    pub fn open(groups: &[G]) -> Result<Self, Error> {
        Self::open_with(&Options::new(), groups)
    }

    /// As [`Self::open`], with a socket as the options say.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::open_with`] and [`Listener::join`].
    pub fn open_with(options: &Options, groups: &[G]) -> Result<Self, Error> {
        now(Self::establish(options, groups))
    }

    /// Joins further groups of the family.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::join`].
    pub fn join(&mut self, groups: &[G]) -> Result<(), Error> {
        self.listener.join(groups)
    }

    /// Waits for the next event.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::next`]; after any of them the next event can be waited for.
    #[expect(
        clippy::should_implement_trait,
        reason = "the events borrow from the receive buffer, which Iterator cannot express"
    )]
    pub fn next(&mut self) -> Result<G::Event<'_>, Error> {
        event::<G>(self.listener.next()?)
    }

    /// Waits for the next event, but not longer than this; `None` if none came.
    ///
    /// For who polls, see [`Listener::next_timeout`].
    ///
    /// # Errors
    ///
    /// Those of [`Self::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<G::Event<'_>>, Error> {
        let heard = self.listener.next_timeout(timeout)?;
        heard.map(event::<G>).transpose()
    }
}

#[cfg(feature = "tokio")]
impl<G: Group> AsyncEvents<G> {
    /// As [`Events::open`].
    ///
    /// # Errors
    ///
    /// Those of [`Events::open`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open(groups: &[G]) -> Result<Self, Error> {
        Self::open_with(&Options::new(), groups).await
    }

    /// As [`Events::open_with`].
    ///
    /// # Errors
    ///
    /// Those of [`Events::open_with`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open_with(options: &Options, groups: &[G]) -> Result<Self, Error> {
        Self::establish(options, groups).await
    }

    /// As [`Events::join`].
    ///
    /// # Errors
    ///
    /// Those of [`Listener::join`].
    pub async fn join(&mut self, groups: &[G]) -> Result<(), Error> {
        self.listener.join(groups).await
    }

    /// As [`Events::next`].
    ///
    /// To drop the future loses no event.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`].
    pub async fn next(&mut self) -> Result<G::Event<'_>, Error> {
        event::<G>(self.listener.next().await?)
    }

    /// As [`Events::next_timeout`].
    ///
    /// To drop the future loses no event.
    ///
    /// # Errors
    ///
    /// Those of [`Events::next`].
    pub async fn next_timeout(&mut self, timeout: Duration) -> Result<Option<G::Event<'_>>, Error> {
        let heard = self.listener.next_timeout(timeout).await?;
        heard.map(event::<G>).transpose()
    }
}

impl<G: Group, T: Transport> ListeningTo<G, T> {
    /// Leaves groups.
    ///
    /// What they have sent before is still heard.
    ///
    /// # Errors
    ///
    /// Those of [`Listening::leave`].
    pub fn leave(&mut self, groups: &[G]) -> Result<(), Error> {
        self.listener.leave(groups)
    }

    /// The netlink port of the socket, by which the kernel can send to it alone.
    pub fn port(&self) -> u32 {
        self.listener.port()
    }

    /// Sets how many bytes of events may queue up before the kernel drops some.
    ///
    /// More than the system's limit (`net.core.rmem_max`) takes CAP_NET_ADMIN; without it the limit
    /// is taken. What counts as how many bytes [`Options::queue_size`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the socket does not take it.
    pub fn set_queue_size(&mut self, bytes: usize) -> Result<(), Error> {
        self.listener.set_queue_size(bytes)
    }

    /// Passes over the events that the client of this port causes; see [`Listening::ignore`].
    pub fn ignore(&mut self, port: u32) {
        self.listener.ignore(port);
    }

    /// What it is made of, which also tells who caused an event and in which namespace
    /// ([`Heard::notice`]), and hears other namespaces ([`Listening::hear_all_namespaces`]).
    pub fn listener(&mut self) -> &mut Listening<T> {
        &mut self.listener
    }

    async fn establish(options: &Options, groups: &[G]) -> Result<Self, Error> {
        let mut listener = Listening::new(options)?;
        listener.join_groups(groups).await?;
        Ok(Self {
            listener,
            groups: PhantomData,
        })
    }

    /// What comes next, as an event; `None` if nothing does until the deadline.
    async fn wait(&mut self, deadline: Deadline) -> Result<Option<listener::Next>, Error> {
        self.listener.wait(deadline).await
    }

    /// What came, as an event.
    fn read(&self, next: &listener::Next) -> Result<G::Event<'_>, Error> {
        event::<G>(self.listener.heard(next)?)
    }
}

/// What was heard, as an event of the only family that is listened to: what another sends is not
/// known, and so is what the family itself sent before it was loaded anew.
#[inline]
pub(crate) fn event<G: Group>(heard: Heard<'_>) -> Result<G::Event<'_>, Error> {
    match heard {
        Heard::Message(notice) => G::event(notice),
        Heard::Overrun => Ok(G::overrun()),
        Heard::Reloaded(_) => Ok(G::reloaded()),
    }
}

impl<G, T: Transport> AsFd for ListeningTo<G, T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl<G, T: Transport> std::fmt::Debug for ListeningTo<G, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("listener", &self.listener)
            .finish()
    }
}
