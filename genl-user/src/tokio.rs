//! Waiting in a task of tokio's.

use std::future::poll_fn;
use std::time::{Duration, Instant};
use std::{fmt, io};

use tokio::io::unix::AsyncFd;
use tokio::task::coop;
use tokio::time::{sleep_until, timeout_at};

use crate::pauses::Pauses;
use crate::socket::{Received, Socket};
use crate::sys;
use crate::transport::{Deadline, Receive};

/// Awaits in a tokio task: what async connections, dumps and events do.
///
/// The kernel answers within the call that sends a request, so the socket is tried first, and a
/// task yields only if nothing is there, or if it has received a lot without yielding
/// ([`tokio::task::coop`]). The runtime has to have its I/O driver, and its time driver unless there
/// is no timeout, the kernel is talked to, and nothing is listened to: `enable_all` of its builder, or
/// `#[tokio::main]`. A listener without a timeout may go for long without it, until a family comes back
/// whose groups it cannot join at once; then it panics.
pub struct Tokio(AsyncFd<Socket>);

/// How long another process that has no room is left alone.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(1), Duration::from_millis(64));

impl fmt::Debug for Tokio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.socket().port();
        f.debug_struct("Tokio").field("port", &port).finish()
    }
}

impl Receive for Tokio {
    fn new(socket: Socket) -> io::Result<Self> {
        sys::register(socket).map(Self)
    }

    #[inline]
    fn socket(&self) -> &Socket {
        self.0.get_ref()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.0.get_mut()
    }

    /// No descriptor tells when the other process has room: who sleeps in sendto(2) is woken, and
    /// nobody else (`netlink_attachskb()`). So it is asked again and again, ever more seldom.
    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        self.share().await;
        let mut pauses = PAUSES;
        loop {
            let full = match self.try_send(datagram) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => error,
                sent => return sent,
            };
            let (now, end) = (Instant::now(), deadline.at());
            if end.is_some_and(|end| end <= now) {
                return Err(full);
            }
            let next = now + pauses.take();
            sleep_until(end.map_or(next, |end| end.min(next)).into()).await;
        }
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        self.share().await;
        loop {
            if let Some(received) = self.try_recv(room)? {
                return Ok(received);
            }
            let ready = self.0.ready(sys::READABLE);
            let mut ready = match deadline.at() {
                Some(at) => timeout_at(at.into(), ready)
                    .await
                    .map_err(|_| io::ErrorKind::WouldBlock)??,
                None => ready.await?,
            };
            // What was known of the socket may be older than what was received last.
            match self.try_recv(room)? {
                Some(received) => return Ok(received),
                None => ready.clear_ready(),
            }
        }
    }

    fn at_a_time(&self) -> usize {
        8
    }

    async fn share(&self) {
        poll_fn(|context| coop::poll_proceed(context).map(|turn| turn.made_progress())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::Duration;

    use crate::client::AsyncConnection;
    use crate::error::Error;
    use crate::families::nlctrl::FAMILY;
    use crate::options::Options;
    use crate::socket::pretended;
    use crate::sys::tests::{Deaf, alone};

    #[tokio::test]
    #[expect(clippy::await_holding_lock, reason = "its tasks are those of one test")]
    async fn who_has_no_room_keeps_its_clients_waiting_and_no_other_task() {
        let _alone = alone();
        let deaf = Deaf::new();
        let wait = Duration::from_secs(1);
        let options = Options::new().peer(deaf.port()).timeout(wait);
        let clock = async {
            for _ in 0..10 {
                tokio::time::sleep(wait / 200).await;
            }
            Instant::now()
        };
        let open = async {
            let opened = AsyncConnection::open_with(&FAMILY, &options).await;
            (opened.map(drop), Instant::now())
        };
        let ((opened, ended), ticked) = tokio::join!(open, clock);
        assert!(matches!(opened, Err(Error::TimedOut(_))), "{opened:?}");
        assert!(ticked < ended, "{:?}", ticked - ended);

        // Once there is room, what waited for it is sent.
        let read = async {
            tokio::time::sleep(wait / 200).await;
            assert_eq!(deaf.read_all(), deaf.full);
        };
        let (opened, ()) = tokio::join!(AsyncConnection::open_with(&FAMILY, &options), read);
        assert!(matches!(opened, Err(Error::TimedOut(_))), "nobody answers");
        assert_eq!(deaf.read_all(), 1);
    }

    #[tokio::test]
    async fn an_error_alone_ends_a_wait() {
        // What is sent to a port that is none comes back as an error, and nothing else does: as of a
        // netlink socket for whose message the kernel had no memory (`do_one_broadcast()`).
        let none = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.connect(none).unwrap();
        let socket = pretended(sender.try_clone().unwrap().into());
        let transport = Tokio::new(socket).unwrap();
        let (mut room, mut deadline) = ([0; 64], Deadline::after(Some(Duration::from_secs(5))));
        let send = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sender.send(b"nobody").unwrap();
        };
        let (received, ()) = tokio::join!(transport.recv(&mut room, &mut deadline), send);
        let error = received.map(|received| received.len).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED), "{error}");
    }
}
