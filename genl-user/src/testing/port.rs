//! A socket's counterpart at a fake kernel: what [`crate::socket::Socket`] does, it does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::kernel::{Locked, Shared, State};
use super::mailbox::Mailbox;
use crate::socket::Received;

/// How many bytes a port sends at once: `net.core.wmem_default`, but for 32 (`netlink_sendmsg()`).
pub(crate) const LONGEST_DATAGRAM: usize = 212_992 - 32;

/// A port of a fake kernel.
pub(crate) struct Port {
    shared: Arc<Shared>,
    number: u32,
    /// Readable while something is queued.
    polled: UnixStream,
    timeout: Mutex<Option<Duration>>,
}

impl Port {
    pub(super) fn new(shared: Arc<Shared>, number: u32, polled: UnixStream) -> Self {
        Self {
            shared,
            number,
            polled,
            timeout: Mutex::new(None),
        }
    }

    /// Its number.
    pub(crate) fn port(&self) -> u32 {
        self.number
    }

    /// The number of its kernel, which no other has.
    pub(crate) fn kernel(&self) -> u64 {
        self.shared.number
    }

    /// Locks the kernel. A handler that has the port dies of it; of what is dropped as it dies, a dump that
    /// wants its end among it, it does not die once more.
    fn locked(&self) -> io::Result<Locked<'_>> {
        match thread::panicking() && self.shared.is_locked_here() {
            true => Err(io::Error::from_raw_os_error(libc::EDEADLK)),
            false => Ok(self.shared.lock()),
        }
    }

    /// Joins a group.
    pub(crate) fn join(&self, group: u32) -> io::Result<()> {
        let mut state = self.locked()?;
        let known = state.engine.group(group);
        let mailbox = mailbox(&mut state, self.number)?;
        if known.is_some_and(|group| !mailbox.peer.rights.suffice(group.permission)) {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
        mailbox.groups.insert(group);
        Ok(())
    }

    /// Leaves a group.
    pub(crate) fn leave(&self, group: u32) -> io::Result<()> {
        let mut state = self.locked()?;
        mailbox(&mut state, self.number)?.groups.remove(&group);
        Ok(())
    }

    /// Lets a receive fail with [`io::ErrorKind::WouldBlock`] after so long; `None` waits forever.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        *self.timeout.lock().unwrap_or_else(PoisonError::into_inner) = timeout;
        Ok(())
    }

    /// Keeps requests from being repeated in errors, or not.
    pub(super) fn set_capped(&self, capped: bool) -> io::Result<()> {
        let mut state = self.locked()?;
        mailbox(&mut state, self.number)?.peer.caps_ack = capped;
        Ok(())
    }

    /// Sets how many bytes may queue up; the kernel takes twice as many, as it counts its own too.
    pub(crate) fn set_queue_size(&self, bytes: usize) -> io::Result<()> {
        let mut state = self.locked()?;
        mailbox(&mut state, self.number)?.limit = bytes.saturating_mul(2);
        Ok(())
    }

    /// How many bytes may queue up.
    pub(crate) fn queue_size(&self) -> io::Result<usize> {
        let mut state = self.locked()?;
        Ok(mailbox(&mut state, self.number)?.limit)
    }

    /// Sends a datagram; when this returns, all of it is served but the rest of dumps.
    pub(crate) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        if datagram.len() > LONGEST_DATAGRAM {
            return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
        }
        self.locked()?.receive(self.number, datagram);
        self.shared.arrived.notify_all();
        Ok(())
    }

    /// Receives one datagram, waiting for it as long as the timeout allows.
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<Received> {
        let timeout = *self.timeout.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is too far away is none.
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if let Some(received) = self.try_recv(buffer)? {
                return Ok(received);
            }
            if !self.wait(until)? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
    }

    /// Receives one datagram if there is one.
    pub(crate) fn try_recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        let mut state = self.locked()?;
        let mailbox = mailbox(&mut state, self.number)?;
        let largest = &mut mailbox.peer.largest_receive;
        *largest = buffer.len().max(*largest);
        let Some(taken) = mailbox.take() else {
            return Ok(None);
        };
        let bytes = taken?;
        state.continue_dump(self.number);
        // What serves the dump may have told others something.
        self.shared.arrived.notify_all();
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        Ok(Some(Received {
            len: bytes.len(),
            from_kernel: true,
            nsid: None,
        }))
    }

    /// Waits until a datagram, or an error, is there; false if none came until then. `None` waits
    /// forever.
    pub(crate) fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        let mut state = self.locked()?;
        loop {
            if mailbox(&mut state, self.number)?.is_ready() {
                return Ok(true);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(false);
            }
            state = state.wait(&self.shared.arrived, left);
        }
    }
}

/// A port's mailbox, which is there for as long as the port is.
fn mailbox(state: &mut State, port: u32) -> io::Result<&mut Mailbox> {
    let mailbox = state.ports.get_mut(&port);
    mailbox.ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.polled.as_fd()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.shared.close_port(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::error::Error;
    use crate::families::nltest::server::{CountDump, Event, Handler, Served};
    use crate::families::nltest::{self, Client, CountDumpReplyOwned, Events, Group, MessageOwned};
    use crate::options::Options;
    use crate::server::{Items, Op, Refusal};
    use crate::testing::Kernel;

    /// Says something before it counts the last.
    struct Counter;

    impl Handler for Counter {
        fn count_dump(
            &mut self,
            request: CountDump<'_>,
            _: &mut Op<'_>,
        ) -> Result<Items<Self, CountDumpReplyOwned>, Refusal> {
            let mut numbers = (1..=request.to()).rev();
            Ok(Items::from_fn(move |_, op| {
                let number = numbers.next();
                if number == Some(1) {
                    op.tell(&Event::Message(&MessageOwned::default()))?;
                }
                Ok(number.map(|number| CountDumpReplyOwned {
                    number: Some(number),
                    // One of them goes into a chunk.
                    blob: Some(vec![0; 20_000]),
                }))
            }))
        }
    }

    #[test]
    fn who_waits_hears_at_once_what_a_dump_tells() {
        let kernel = Kernel::new();
        kernel.register(Served(Counter)).unwrap();
        let options = Options::new().kernel(&kernel);
        let mut client = Client::open_with(&options).unwrap();
        let mut events = Events::open_with(&options, &[Group::Chat]).unwrap();
        let (waits, waiting) = mpsc::channel();
        thread::scope(|scope| {
            let listener = scope.spawn(move || {
                waits.send(()).unwrap();
                let started = Instant::now();
                let event = events.next_timeout(Duration::from_secs(60)).unwrap();
                assert!(matches!(event, Some(nltest::Event::Message(_))));
                started.elapsed()
            });
            waiting.recv().unwrap();
            let request = nltest::CountDump {
                to: 5,
                ..Default::default()
            };
            let mut dump = client.count_dump(&request).unwrap();
            while dump.next().unwrap().is_some() {
                // What woke the listener before is over.
                thread::sleep(Duration::from_millis(20));
            }
            let waited = listener.join().unwrap();
            assert!(waited < Duration::from_secs(30), "{waited:?}");
        });
    }

    #[test]
    fn after_a_dump_whose_answer_is_lost_there_is_another() {
        let kernel = Kernel::new();
        kernel.register(Served(Counter)).unwrap();
        let options = Options::new()
            .kernel(&kernel)
            .timeout(Duration::from_millis(20));
        let mut client = Client::open_with(&options).unwrap();
        let request = nltest::CountDump {
            to: 5,
            ..Default::default()
        };
        let count = |client: &mut Client| -> Result<usize, Error> {
            let dump = client.count_dump(&request)?;
            Ok(dump.owned().collect::<Result<Vec<_>, _>>()?.len())
        };
        assert_eq!(count(&mut client).unwrap(), 5);
        kernel.drop_next_answer();
        let lost = count(&mut client);
        assert!(matches!(lost, Err(Error::TimedOut(_))), "{lost:?}");
        assert_eq!(count(&mut client).unwrap(), 5);
    }
}
