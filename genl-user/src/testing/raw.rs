//! A port of a fake kernel that takes and gives bytes, for tests of what no client sends.

use std::io;

use super::kernel::Kernel;
use super::port::Port;

/// A port that sends whatever it is given, and gives all that comes back.
pub struct Raw(Port);

impl Kernel {
    /// Opens a port for bytes; `capped` keeps requests from being repeated in errors
    /// (NETLINK_CAP_ACK).
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left: each port has one, to be polled.
    pub fn raw(&self, capped: bool) -> io::Result<Raw> {
        let port = self.open_port()?;
        port.set_capped(capped)?;
        Ok(Raw(port))
    }
}

impl Raw {
    /// Its number.
    pub fn port(&self) -> u32 {
        self.0.port()
    }

    /// Sends a datagram; gives all that comes back, dumps to their ends.
    ///
    /// # Errors
    ///
    /// ENOBUFS if something was lost.
    pub fn exchange(&self, datagram: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.0.send(datagram)?;
        let mut room = vec![0; 1 << 20];
        let mut came = Vec::new();
        while let Some(received) = self.0.try_recv(&mut room)? {
            came.push(room[..received.len.min(room.len())].to_vec());
        }
        Ok(came)
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Raw").field(&self.port()).finish()
    }
}
