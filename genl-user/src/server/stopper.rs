//! How a server is stopped while it waits.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use neli::socket::NlSocket;

use crate::sys;
use crate::wire::Head;

/// Stops a server, from any thread: [`Server::stopper`](super::Server::stopper) gives it.
///
/// It does not keep the server, and does nothing once that is gone.
#[derive(Debug, Clone)]
pub struct Stopper(Weak<Stop>);

impl Stopper {
    /// Ends the call by which the server serves just now, or else the next one, whether that is `serve`,
    /// `serve_once` or `serve_timeout`; called again before that has ended, it does no more. If it was not
    /// `serve`, the next `serve` ends too: until then the server
    /// [is stopped](super::Server::is_stopped).
    ///
    /// It does not wait for that. What is being served is answered first, so a handler may stop its own
    /// server. It takes a lock, so it is not for a signal's handler, but for a thread that waits for signals.
    pub fn stop(&self) {
        if let Some(stop) = self.0.upgrade() {
            stop.ask();
        }
    }
}

/// What a server shares with those that may stop it.
pub(super) struct Stop {
    socket: Arc<NlSocket>,
    port: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The call by which the server serves is to end, or else the next one.
    ends: bool,
    /// No `serve` has ended for it.
    left: bool,
    /// A datagram that wakes the server is in its queue, where two never are.
    wakes: bool,
}

impl Stop {
    pub(super) fn new(socket: Arc<NlSocket>, port: u32) -> Self {
        Self {
            socket,
            port,
            state: Mutex::default(),
        }
    }

    pub(super) fn stopper(self: &Arc<Self>) -> Stopper {
        Stopper(Arc::downgrade(self))
    }

    /// The call that serves is to end.
    pub(super) fn is_asked(&self) -> bool {
        self.state().ends
    }

    /// As [`Self::is_asked`], which it is no more then.
    pub(super) fn take(&self) -> bool {
        mem::take(&mut self.state().ends)
    }

    /// No `serve` has ended for it.
    pub(super) fn is_left(&self) -> bool {
        self.state().left
    }

    /// As [`Self::is_left`], which it is no more then, and nor is it [`Self::is_asked`].
    pub(super) fn take_whole(&self) -> bool {
        let mut state = self.state();
        state.ends = false;
        mem::take(&mut state.left)
    }

    /// The datagram that wakes the server was received. Another process's never is taken for it: the
    /// server alone has its port.
    pub(super) fn woke(&self) {
        self.state().wakes = false;
    }

    fn ask(&self) {
        let mut state = self.state();
        (state.ends, state.left) = (true, true);
        if !state.wakes {
            let nothing = Head {
                len: 0,
                kind: libc::NLMSG_NOOP as u16,
                flags: 0,
                seq: 0,
                port: self.port,
            };
            let (nothing, to) = (nothing.with_body(&[]), (self.port, 0));
            let sent = sys::send_to(sys::fd(&self.socket), &nothing, libc::MSG_DONTWAIT, to);
            // Who finds the queue full need not wake a server that has so much to do.
            state.wakes = sent.is_ok();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
