//! Waiting in a task of tokio's.

use std::{fmt, io};

use tokio::io::unix::AsyncFd;
use tokio::time::timeout_at;

use crate::socket::{Received, Socket};
use crate::sys;
use crate::transport::{Deadline, Receive};

/// Awaits in a tokio task: what async connections, dumps and events do.
///
/// The kernel answers within the call that sends a request, so the socket is tried first, and a
/// task yields only if nothing is there. The runtime has to have its I/O driver, and its time
/// driver unless there is no timeout: `enable_all` of its builder, or `#[tokio::main]`.
pub struct Tokio(AsyncFd<Socket>);

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

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::Duration;

    use crate::socket::pretended;

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
