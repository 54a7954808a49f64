// SPDX-License-Identifier: GPL-2.0

//! Events: messages that no request asked for, to a group or to one port.
//!
//! The core numbers a family and its groups while it is registered, and gives the numbers to others
//! afterwards. So an event passes a gate, an SRCU read section, that is open while the family is
//! registered; unregistering closes it and waits for who is inside.

use super::{
    family::Family,
    message::{
        raw::{
            Message,
            Target, //
        },
        Skb, //
    },
    net::Net,
    shim,
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// An event that is being filled.
///
/// `'e` is invariant and new for each event, so that a closure can return no other one.
pub struct Event<'e> {
    skb: Skb,
    _event: PhantomData<fn(&'e ()) -> &'e ()>,
}

impl Message for Event<'_> {
    fn target(&mut self) -> Target {
        self.skb.target()
    }
}

impl Family {
    /// Sends an event to the `group`-th group of the family, in `net` only.
    ///
    /// `fill` is not called if nobody listens. Listeners that the event cannot reach, because
    /// `fill` fails or there is no memory, are told that they have lost something: their next
    /// receive fails with ENOBUFS. May sleep.
    ///
    /// An event of a family that is not registered goes nowhere.
    pub fn multicast<F>(&'static self, group: u8, net: &Net, cmd: u8, fill: F)
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        // The core asks for a group that the family has; anything else gets a WARN from it.
        if group >= self.groups() || !self.is_open() {
            return;
        }
        let (family, net, group) = (self.as_raw(), net.as_raw(), c_uint::from(group));
        // SAFETY: The family is static and has the group; `net` is alive. Should the family be
        // unregistered right now, then the answer is of no use, but no harm either.
        if unsafe { bindings::genl_has_listeners(family, net, group) } == 0 {
            return;
        }
        let Some(_inside) = Gate::enter(self) else {
            return;
        };
        match self.event::<F>(cmd, fill) {
            Ok(event) => {
                let skb = event.skb.finish().as_ptr();
                // SAFETY: We give the buffer away; the rest as above. The core itself tells those
                // whom it could not reach.
                unsafe { shim::genl_shim_multicast(family, net, skb, group) };
            }
            Err(_) => {
                // SAFETY: As above.
                unsafe { shim::genl_shim_set_err(family, net, group, ENOBUFS.to_errno()) };
            }
        }
    }

    /// Sends an event to the port `portid` in `net`.
    ///
    /// Fails with ECONNREFUSED if there is no such port, with EAGAIN if its buffer is full, with
    /// EINVAL for port 0, which is the kernel, and with ENODEV if the family is not registered. May
    /// sleep.
    pub fn unicast<F>(&'static self, portid: u32, net: &Net, cmd: u8, fill: F) -> Result
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        // The kernel would take it for a request and read-lock `cb_lock`, which we may hold.
        if portid == 0 {
            return Err(EINVAL);
        }
        let _inside = Gate::enter(self).ok_or(ENODEV)?;
        let skb = self.event::<F>(cmd, fill)?.skb.finish().as_ptr();
        // SAFETY: We give the buffer away; `net` is alive.
        to_result(unsafe { shim::genl_shim_unicast(net.as_raw(), skb, portid) })
    }

    fn event<F>(&'static self, cmd: u8, fill: F) -> Result<Event<'static>>
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        fill(Event {
            // SAFETY: The family is ours.
            skb: unsafe { Skb::new(self.as_raw(), 0, 0, cmd)? },
            _event: PhantomData,
        })
    }
}

/// Keeps a family registered, from the core's point of view, while it exists.
struct Gate(c_int);

impl Gate {
    /// Passes the gate of `family`, unless it is closed.
    fn enter(family: &'static Family) -> Option<Self> {
        // SAFETY: The gate can be entered at any time.
        let inside = Self(unsafe { shim::genl_shim_gate_enter() });
        // Closing sets this first and then waits for all that have entered.
        family.is_open().then_some(inside)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // SAFETY: `enter` got the token, and the task is the same: `self` is not `Send`-able out of
        // the functions above.
        unsafe { shim::genl_shim_gate_leave(self.0) }
    }
}
