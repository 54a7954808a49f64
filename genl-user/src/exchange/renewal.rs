//! A family that has got another id, as happens when its module is loaded anew.

use std::mem;

use super::Asked;
use crate::client::Link;
use crate::controller;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::transport::{Deadline, Transport};
use crate::wire::{set_kind, set_seq};

impl<T: Transport> Link<T> {
    /// After an error: the family turns out to have got another id, as happens when its module is
    /// loaded anew. If it is an error of something else it is false, and the next call is not to
    /// suffer from it.
    pub(super) async fn renewed_after(
        &mut self,
        error: &Error,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        match error {
            Error::Refused(refused) if refused.hints_at_stale_id() => {
                match self.resolve_meanwhile(None, deadline).await {
                    Err(gone @ Error::UnknownFamily { .. }) => Err(gone),
                    // That it was refused is certain, and its id may be the family's still.
                    Err(_) => Ok(false),
                    Ok(id) => Ok(std::mem::replace(&mut self.id, id) != id),
                }
            }
            _ => {
                self.recover_from(error);
                Ok(false)
            }
        }
    }

    /// The id of the family, as the kernel says now. The request stays as it is, and so does what was
    /// received, if there is another `inbox` for the answer.
    pub(crate) async fn resolve_meanwhile(
        &mut self,
        inbox: Option<Inbox>,
        deadline: &mut Deadline,
    ) -> Result<u16, Error> {
        let kept = Kept::of(self, inbox);
        let resolved = controller::resolve(&mut *kept.link, deadline).await;
        kept.link.recovered(resolved)
    }

    /// Lets the request that is written go to the family's present id, as a new one.
    pub(super) fn readdress(&mut self, asked: &mut Asked<'_>) {
        asked.id = self.id;
        self.seq = self.seq.wrapping_add(1);
        set_kind(&mut self.request, self.id);
        set_seq(&mut self.request, self.seq);
    }
}

/// What a connection has back once something else was asked over it, even if nobody waits for the
/// answer to that any more.
struct Kept<'l, T: Transport> {
    link: &'l mut Link<T>,
    request: Vec<u8>,
    inbox: Option<Inbox>,
}

impl<'l, T: Transport> Kept<'l, T> {
    fn of(link: &'l mut Link<T>, inbox: Option<Inbox>) -> Self {
        Self {
            request: mem::take(&mut link.request),
            inbox: inbox.map(|other| mem::replace(&mut link.inbox, other)),
            link,
        }
    }
}

impl<T: Transport> Drop for Kept<'_, T> {
    fn drop(&mut self) {
        self.link.request = mem::take(&mut self.request);
        if let Some(inbox) = self.inbox.take() {
            self.link.inbox = inbox;
        }
    }
}
