//! A socket that receives what a script says.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use crate::socket::{Received, Socket};
use crate::transport::{Deadline, Receive};

/// The port of the socket.
pub const PORT: u32 = 7;

/// Something to receive.
#[derive(Debug, Clone)]
pub struct Datagram {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its length, where that is more than what is in it: the rest did not fit.
    pub lost: usize,
    /// The kernel sends it, not another process.
    pub from_kernel: bool,
    /// It is there only to who awaits it.
    pub late: bool,
    /// Instead of it the kernel says that it had to drop some.
    pub overrun: bool,
}

/// Receives datagrams of a script, and then fails as if nothing came in time.
pub(super) struct Script {
    socket: Socket,
    datagrams: RefCell<VecDeque<Datagram>>,
}

impl Receive for Script {
    fn new(mut socket: Socket) -> io::Result<Self> {
        socket.pretend(PORT);
        Ok(Self {
            socket,
            datagrams: RefCell::default(),
        })
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    async fn send(&self, datagram: &[u8], _: &mut Deadline) -> io::Result<()> {
        self.try_send(datagram)
    }

    fn has_dumps_at_hand(&self) -> bool {
        false
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        let mut datagrams = self.datagrams.borrow_mut();
        match datagrams.front_mut() {
            Some(datagram) if datagram.late => {
                datagram.late = false;
                Ok(None)
            }
            Some(_) => {
                let datagram = datagrams.pop_front();
                datagram.map(|datagram| datagram.arrive(room)).transpose()
            }
            None => Ok(None),
        }
    }

    async fn recv(&self, room: &mut [u8], _: &mut Deadline) -> io::Result<Received> {
        while !self.datagrams.borrow().is_empty() {
            if let Some(received) = self.try_recv(room)? {
                return Ok(received);
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Script {
    pub(super) fn receives(&self, datagrams: Vec<Datagram>) {
        self.datagrams.borrow_mut().extend(datagrams);
    }

    /// All of it was received.
    pub(super) fn is_over(&self) -> bool {
        self.datagrams.borrow().is_empty()
    }
}

impl Datagram {
    fn arrive(self, room: &mut [u8]) -> io::Result<Received> {
        if self.overrun {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        let fits = self.bytes.len().min(room.len());
        room[..fits].copy_from_slice(&self.bytes[..fits]);
        Ok(Received {
            len: self.bytes.len() + self.lost,
            from_kernel: self.from_kernel,
            nsid: None,
        })
    }
}
