//! Clients for callers that call at the same time.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// Clients for threads, or tasks, that call at the same time: each has one to itself while it calls.
///
/// A client is opened where none is idle, and stays for the next caller: there come to be as many
/// as were ever in use together. No lock is held while one is in use. What can be lent is
/// [`Reusable`]; what a borrower sets for good, as by [`set_timeout`](crate::Link::set_timeout), the
/// next one finds so.
///
/// ```
/// use genl_user::Pool;
/// use genl_user::families::nlctrl::{Client, Getfamily};
///
/// static CONTROLLERS: Pool<Client> = Pool::new(Client::open);
///
/// fn id_of(name: &str) -> Result<Option<u16>, genl_user::Error> {
///     let request = Getfamily { family_name: Some(name), ..Default::default() };
///     Ok(CONTROLLERS.get()?.getfamily(&request)?.family_id())
/// }
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| assert_eq!(id_of("nlctrl").unwrap(), Some(16)));
///     }
/// });
/// ```
pub struct Pool<C, F = fn() -> Result<C, Error>> {
    idle: Mutex<Vec<C>>,
    open: F,
    reset: fn(&mut C),
}

/// What a [`Pool`] lends to one after the other: the generated clients, connections, and what is made
/// of them.
pub trait Reusable {
    /// Forgets what was wished of a call that was not made
    /// ([`with_flags`](crate::Link::with_flags), [`within`](crate::Link::within)): nothing of it is to
    /// be left to the next borrower.
    fn forget_wishes(&mut self);
}

impl<C: Reusable, F> Pool<C, F> {
    /// A pool of clients that are opened so, none of them yet.
    pub const fn new(open: F) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            open,
            reset: C::forget_wishes,
        }
    }
}

impl<C, F> Pool<C, F> {
    /// How many clients are idle.
    pub fn idle(&self) -> usize {
        self.lock().len()
    }

    /// Closes the clients that are idle.
    pub fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.lock());
        // Not before the lock is let go.
        drop(idle);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<C>> {
        // It is held for a push or a pop, so the list is sound whatever a thread died of.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lend(&self, client: C) -> Pooled<'_, C> {
        Pooled {
            idle: &self.idle,
            client: Some(client),
            reset: self.reset,
        }
    }
}

impl<C, F: Fn() -> Result<C, Error>> Pool<C, F> {
    /// A client for the caller alone, until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// Those of opening one, where none is idle.
    pub fn get(&self) -> Result<Pooled<'_, C>, Error> {
        let idle = self.lock().pop();
        idle.map_or_else(&self.open, Ok)
            .map(|client| self.lend(client))
    }
}

impl<C, F: AsyncFn() -> Result<C, Error>> Pool<C, F> {
    /// As [`Self::get`], of clients that are opened by async functions.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), genl_user::Error> {
    /// use std::sync::Arc;
    /// use genl_user::families::nlctrl::{AsyncClient, Getfamily};
    /// use genl_user::{Options, Pool};
    ///
    /// let options = Options::new();
    /// let pool = Arc::new(Pool::new(async move || AsyncClient::open_with(&options).await));
    /// let lent = Arc::clone(&pool);
    /// let task = tokio::spawn(async move {
    ///     let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
    ///     let mut client = lent.get_async().await?;
    ///     client.getfamily(&request).await.map(|family| family.family_id())
    /// });
    /// assert_eq!(task.await.expect("it ends")?, Some(16));
    /// assert_eq!(pool.idle(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "tokio"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// Those of opening one, where none is idle.
    pub async fn get_async(&self) -> Result<Pooled<'_, C>, Error> {
        let idle = self.lock().pop();
        let client = match idle {
            Some(client) => client,
            None => (self.open)().await?,
        };
        Ok(self.lend(client))
    }
}

impl<C, F> fmt::Debug for Pool<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("idle", &self.idle())
            .finish_non_exhaustive()
    }
}

/// A client of a [`Pool`]'s, which has it back when this is dropped.
#[derive(Debug)]
pub struct Pooled<'p, C> {
    idle: &'p Mutex<Vec<C>>,
    /// There until it is dropped.
    client: Option<C>,
    reset: fn(&mut C),
}

impl<C> Deref for Pooled<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.client.as_ref().expect("it is there until the drop")
    }
}

impl<C> DerefMut for Pooled<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.client.as_mut().expect("it is there until the drop")
    }
}

impl<C> Drop for Pooled<'_, C> {
    fn drop(&mut self) {
        let Some(mut client) = self.client.take() else {
            return;
        };
        (self.reset)(&mut client);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flags;
    use crate::families::nlctrl::{Client, Getfamily};

    const NLCTRL: Getfamily<'_> = Getfamily {
        family_id: Some(16),
        family_name: None,
    };

    #[test]
    fn who_calls_at_the_same_time_has_another_client() {
        let pool: Pool<Client> = Pool::new(Client::open);
        let (mut one, mut two) = (pool.get().unwrap(), pool.get().unwrap());
        let ports = [one.connection().port(), two.connection().port()];
        assert_ne!(ports[0], ports[1]);
        one.getfamily(&NLCTRL).unwrap();
        drop(one);
        let mut again = pool.get().unwrap();
        assert_eq!(again.connection().port(), ports[0]);
        drop((two, again));
        assert_eq!(pool.idle(), 2);
        pool.close_idle();
        assert_eq!(pool.idle(), 0);
    }

    #[test]
    fn what_one_borrower_wished_is_not_wished_of_the_next_ones_call() {
        let pool: Pool<Client> = Pool::new(Client::open);
        let both = Flags::REPLACE | Flags::EXCL;
        // Something kept it from making the call.
        let _ = pool.get().unwrap().with_flags(both);
        // With these flags it would be a dump.
        pool.get().unwrap().getfamily(&NLCTRL).unwrap();
    }

    #[test]
    fn there_are_no_more_than_were_in_use_together() {
        let pool: Pool<Client> = Pool::new(Client::open);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let mut client = pool.get().unwrap();
                        let family = client.getfamily(&NLCTRL).unwrap();
                        assert_eq!(family.family_name(), Some("nlctrl"));
                    }
                });
            }
        });
        assert!((1..=4).contains(&pool.idle()));
    }

    #[test]
    fn a_client_comes_back_from_a_panic() {
        let pool: Pool<Client> = Pool::new(Client::open);
        std::thread::scope(|scope| {
            let died = scope.spawn(|| {
                let _client = pool.get().unwrap();
                panic!("as a caller's bug does");
            });
            died.join().unwrap_err();
        });
        assert_eq!(pool.idle(), 1);
        pool.get().unwrap().getfamily(&NLCTRL).unwrap();
    }

    #[test]
    fn what_cannot_be_opened_is_an_error() {
        let pool: Pool<Client> = Pool::new(|| {
            Err(Error::UnknownFamily {
                name: "absent".into(),
                peer: None,
            })
        });
        assert!(matches!(pool.get(), Err(Error::UnknownFamily { .. })));
        assert_eq!(pool.idle(), 0);
    }

    #[test]
    fn the_pool_can_be_used_while_its_clients_are_closed() {
        struct Counting;

        static POOL: Pool<Counting> = Pool::new(|| Ok(Counting));

        impl Reusable for Counting {
            fn forget_wishes(&mut self) {}
        }

        impl Drop for Counting {
            fn drop(&mut self) {
                POOL.idle();
            }
        }

        let (done, ends) = std::sync::mpsc::channel();
        // Not in a scope: if it does not end, nobody is to wait for it.
        std::thread::spawn(move || {
            drop(POOL.get().unwrap());
            POOL.close_idle();
            done.send(POOL.idle())
        });
        assert_eq!(ends.recv_timeout(std::time::Duration::from_secs(5)), Ok(0));
    }
}
