// SPDX-License-Identifier: GPL-2.0

//! Events: messages that no request asked for, to a group or to one port.
//!
//! The core numbers a family and its groups while it is registered, and gives the numbers to others
//! afterwards. So an event passes a gate, an SRCU read section, that is open while the family is
//! registered; unregistering closes it and waits for who is inside.
//!
//! # Context
//!
//! Events can be sent wherever sleeping is allowed, and with [`GFP_ATOMIC`] also from softirqs, with
//! bottom halves off, and under spinlocks; not from hard interrupts, where no socket buffer may be
//! freed (`skb_release_head_state()`). `srcu_read_lock()` and `netlink_broadcast_filtered()` never
//! sleep by themselves; all that may is an allocation, and that the flags say. With flags that do
//! not fit the context, a kernel that checks such things complains even if nobody listens.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)

use super::{
    family::Family,
    message::{
        raw::{
            Message,
            Target, //
        },
        PutHeader, //
    },
    net::Net,
    op::Op,
    shim,
    skb::{
        Gfp,
        Skb, //
    },
};
use core::{
    marker::PhantomData,
    ptr::null_mut, //
};
use kernel::{
    alloc::Flags,
    bindings,
    error::to_result,
    prelude::*, //
};

/// An event that is being filled.
///
/// `'e` is invariant and new for each event, so that a closure can return no other one.
pub struct Event<'e> {
    skb: Skb,
    gfp: Gfp,
    _event: PhantomData<fn(&'e ()) -> &'e ()>,
}

impl Message for Event<'_> {
    fn target(&mut self) -> Target {
        self.skb.target(self.gfp)
    }
}

impl PutHeader for Event<'_> {
    #[inline]
    fn put_header(&mut self, header: &[u8]) -> Result {
        self.skb.put_header(header)
    }
}

/// Who hears an event that is for a group.
#[derive(Clone, Copy)]
enum Scope<'n> {
    /// Its members in one namespace.
    Within(&'n Net),
    /// Its members in all namespaces.
    All,
}

impl Family {
    /// Sends an event to the `group`-th group of the family, in `net` only.
    ///
    /// `fill` is not called if nobody listens. Listeners that the event cannot reach, because
    /// `fill` fails or there is no memory, are told that they have lost something: their next
    /// receive fails with ENOBUFS (`netlink_overrun()`).
    ///
    /// An event of a family that is not registered goes nowhere.
    pub fn multicast<F>(&'static self, group: u8, net: &Net, cmd: u8, flags: Flags, fill: F)
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        self.tell(group, Scope::Within(net), cmd, Gfp::new(flags), fill);
    }

    /// As [`Family::multicast`], but in all namespaces.
    ///
    /// Those who miss it in one of them are no matter to the others, as they would be to
    /// `genlmsg_multicast_allns()`.
    pub fn multicast_all<F>(&'static self, group: u8, cmd: u8, flags: Flags, fill: F)
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        self.tell(group, Scope::All, cmd, Gfp::new(flags), fill);
    }

    fn tell<F>(&'static self, group: u8, scope: Scope<'_>, cmd: u8, gfp: Gfp, fill: F)
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        if let Some(inside) = self.hear(group, scope, gfp) {
            let event = self.event((0, 0), cmd, gfp);
            let event = event.and_then(|event| fill(event).ok());
            self.deliver(inside, group, scope, event);
        }
    }

    /// Whether somebody listens, to whom an event can go while the gate is not left.
    // Neither this nor `deliver` is inlined: an event more is to cost a family's code little.
    #[inline(never)]
    fn hear(&'static self, group: u8, scope: Scope<'_>, gfp: Gfp) -> Option<Gate> {
        gfp.check();
        match self.is_heard(group, scope) {
            true => Gate::enter(self),
            false => None,
        }
    }

    /// Sends an event to the group, or tells its members that they have lost one; then leaves the
    /// gate.
    #[inline(never)]
    fn deliver(
        &'static self,
        _inside: Gate,
        group: u8,
        scope: Scope<'_>,
        event: Option<Event<'_>>,
    ) {
        let family = self.as_raw();
        let group = c_uint::from(group);
        let (skb, gfp) = match event {
            Some(event) => (event.skb.finish().as_ptr(), event.gfp),
            None => (null_mut(), Gfp::ATOMIC),
        };
        // SAFETY: We give the buffer away, if there is one; the family is registered, as we are
        // inside the gate, and has the group; the namespace is alive. The core itself tells those
        // whom it could not reach.
        unsafe {
            match scope {
                Scope::Within(net) => {
                    shim::genl_shim_multicast(family, net.as_raw(), skb, group, gfp.as_raw())
                }
                Scope::All => shim::genl_shim_multicast_all(family, skb, group),
            }
        }
    }

    /// Whether it makes sense to build an event for the group.
    fn is_heard(&'static self, group: u8, scope: Scope<'_>) -> bool {
        // The core asks for a group that the family has; anything else gets a WARN from it.
        if group >= self.groups() || !self.is_open() {
            return false;
        }
        // It counts the listeners of all namespaces (`netlink_update_listeners()`), so any will do.
        let net = match scope {
            Scope::Within(net) => net.as_raw(),
            Scope::All => &raw mut bindings::init_net,
        };
        // SAFETY: The family is static and has the group; `net` is alive. Should the family be
        // unregistered right now, then the answer is of no use, but no harm either.
        unsafe { bindings::genl_has_listeners(self.as_raw(), net, group.into()) != 0 }
    }

    /// Sends an event that `op` has caused to the `group`-th group, in the namespace of `op`, and if
    /// its sender asked for that (NLM_F_ECHO), to the sender, who then hears of it once
    /// (`genl_notify()`). It has the request's sequence number.
    ///
    /// Otherwise as [`Family::multicast`]; but if the sender asked, then `fill` is called in any
    /// case. Fails if the sender asked and it cannot be built.
    pub fn notify<F>(
        &'static self,
        group: u8,
        op: &Op<'_>,
        cmd: u8,
        flags: Flags,
        fill: F,
    ) -> Result
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        let gfp = Gfp::new(flags);
        gfp.check();
        if !op.wants_echo() && !self.is_heard(group, Scope::Within(op.net())) {
            return Ok(());
        }
        if group >= self.groups() {
            return Err(EINVAL);
        }
        // The family is about to go, and the event with it; what it tells of has happened.
        let Some(_inside) = Gate::enter(self) else {
            return Ok(());
        };
        let (family, group) = (self.as_raw(), c_uint::from(group));
        let event = self.event((op.portid(), op.seq()), cmd, gfp);
        match event.ok_or(ENOMEM).and_then(fill) {
            Ok(event) => {
                let skb = event.skb.finish().as_ptr();
                // SAFETY: We give the buffer away; the family is registered, as we are inside the
                // gate, and has the group; `info` is valid by the type invariant of `Op`.
                unsafe {
                    bindings::genl_notify(family, skb, op.info.as_ptr(), group, gfp.as_raw());
                }
                Ok(())
            }
            Err(error) => {
                let net = op.net().as_raw();
                // SAFETY: As above, with no buffer to give away; the namespace is alive.
                unsafe {
                    shim::genl_shim_multicast(family, net, null_mut(), group, gfp.as_raw());
                }
                match op.wants_echo() {
                    true => Err(error),
                    false => Ok(()),
                }
            }
        }
    }

    /// Sends an event to the port `portid` in `net`.
    ///
    /// Fails with ECONNREFUSED if there is no such port, with EAGAIN if its queue is full, with
    /// EINVAL for port 0, which is the kernel, and with ENODEV if the family is not registered.
    pub fn unicast<F>(
        &'static self,
        portid: u32,
        net: &Net,
        cmd: u8,
        flags: Flags,
        fill: F,
    ) -> Result
    where
        F: for<'e> FnOnce(Event<'e>) -> Result<Event<'e>>,
    {
        let gfp = Gfp::new(flags);
        gfp.check();
        // The kernel would take it for a request and read-lock `cb_lock`, which we may hold.
        if portid == 0 {
            return Err(EINVAL);
        }
        let _inside = Gate::enter(self).ok_or(ENODEV)?;
        let event = self.event((0, 0), cmd, gfp).ok_or(ENOMEM)?;
        let skb = fill(event)?.skb.finish().as_ptr();
        // SAFETY: We give the buffer away; `net` is alive.
        to_result(unsafe { shim::genl_shim_unicast(net.as_raw(), skb, portid) })
    }

    /// Begins an event that says it answers the request `(portid, seq)`; `None` if there is no
    /// memory.
    fn event(
        &'static self,
        (portid, seq): (u32, u32),
        cmd: u8,
        gfp: Gfp,
    ) -> Option<Event<'static>> {
        Some(Event {
            // SAFETY: The family is ours.
            skb: unsafe { Skb::new(self.as_raw(), portid, seq, cmd, gfp)? },
            gfp,
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
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `enter` got the token, and the task is the same: `self` is not `Send`-able out of
        // the functions above.
        unsafe { shim::genl_shim_gate_leave(self.0) }
    }
}
