//! Waiting in a task of tokio's.

use std::io;

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

    #[inline]
    fn try_recv(&self, room: &mut [u8], _: &mut Deadline) -> io::Result<Option<Received>> {
        self.socket().try_recv(room)
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        loop {
            if let Some(received) = self.socket().try_recv(room)? {
                return Ok(received);
            }
            let mut ready = match deadline.at() {
                Some(at) => timeout_at(at.into(), self.0.readable())
                    .await
                    .map_err(|_| io::ErrorKind::WouldBlock)??,
                None => self.0.readable().await?,
            };
            // What was known of the socket may be older than what was received last.
            match self.socket().try_recv(room)? {
                Some(received) => return Ok(received),
                None => ready.clear_ready(),
            }
        }
    }
}
