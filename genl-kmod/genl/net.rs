// SPDX-License-Identifier: GPL-2.0

//! Network namespaces, and what the family keeps for each of them.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use super::shim;
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    types::Opaque, //
};

/// A network namespace.
///
/// A reference to it says that the namespace is alive for as long as the reference.
#[repr(transparent)]
pub struct Net(Opaque<bindings::net>);

// SAFETY: A `struct net` is made to be shared; nothing here reaches its fields but through C
// functions that do their own locking.
unsafe impl Sync for Net {}

impl Net {
    /// Borrows a namespace from C.
    ///
    /// # Safety
    ///
    /// `net` points to a namespace that stays alive for `'a`.
    pub(super) unsafe fn from_raw<'a>(net: *mut bindings::net) -> &'a Self {
        // SAFETY: `Self` is a transparent wrapper; the caller vouches for the rest.
        unsafe { &*net.cast() }
    }

    /// The namespace of a request (`genl_info_net()`).
    ///
    /// # Safety
    ///
    /// `info` points to what the core hands to a callback, and the socket that the request came by,
    /// which holds a reference to its namespace, is there for `'a`.
    #[inline]
    pub(super) unsafe fn of<'a>(info: *const bindings::genl_info) -> &'a Self {
        #[cfg(CONFIG_NET_NS)]
        // SAFETY: The caller vouches for `info`, in which the core has set the namespace.
        let net = unsafe { (*info)._net.net };
        // There is only one, and nothing in `info` to say so.
        #[cfg(not(CONFIG_NET_NS))]
        let (net, _) = (&raw mut bindings::init_net, info);
        // SAFETY: The caller vouches for the namespace; the initial one is always there.
        unsafe { Self::from_raw(net) }
    }

    pub(super) fn as_raw(&self) -> *mut bindings::net {
        self.0.get()
    }
}

/// What a family keeps for each network namespace; its operations are methods of it.
///
/// There is one value for each namespace. It is made when the namespace is, or when the module is
/// loaded, and dropped when the namespace goes, or the module: never while an operation runs or a
/// dump is open.
pub trait PerNet: Send + Sync + Sized + 'static {
    /// Makes the value for `net`.
    ///
    /// An error keeps the namespace from being created, or the module from being loaded.
    fn init(net: &Net) -> impl PinInit<Self, Error>;
}

/// `struct pernet_operations` in a static.
struct PernetOperations(Opaque<bindings::pernet_operations>);

// SAFETY: Only `Registration` touches it: before it is registered, which happens once, and then
// never again; the C side locks the rest.
unsafe impl Sync for PernetOperations {}

static OPERATIONS: PernetOperations = PernetOperations(Opaque::new(pin_init::zeroed()));

/// The index by which `net_generic()` finds the value; the C side writes it on registration.
static ID: Atomic<u32> = Atomic::new(0);

/// The registered state of type `H`; dropping it drops the values of all namespaces.
pub(super) struct Registration<H: PerNet>(PhantomData<H>);

impl<H: PerNet> Registration<H> {
    /// Makes a value for each namespace that is there, and for each to come.
    ///
    /// # Safety
    ///
    /// This is called at most once in the life of the module.
    pub(super) unsafe fn new() -> Result<Self> {
        const {
            // `ops_init()` takes the memory from kzalloc(), which aligns to at least this.
            assert!(align_of::<H>() <= align_of::<u64>());
        }
        let operations = OPERATIONS.0.get();
        // SAFETY: The caller vouches that this happens only once, so nobody else looks at the
        // static yet.
        unsafe {
            (*operations).init = Some(init::<H>);
            (*operations).exit = Some(exit::<H>);
            (*operations).id = ID.as_ptr();
            // The C side takes a size of 0 for "no value".
            (*operations).size = size_of::<H>().max(1);
        }
        // SAFETY: The operations are complete and static, and their functions are of this module,
        // which unregisters them before it goes.
        to_result(unsafe { bindings::register_pernet_subsys(operations) })?;
        Ok(Self(PhantomData))
    }
}

impl<H: PerNet> Drop for Registration<H> {
    fn drop(&mut self) {
        // SAFETY: They are registered, as `self` is there.
        unsafe { bindings::unregister_pernet_subsys(OPERATIONS.0.get()) }
    }
}

/// The memory of the value for `net`.
///
/// # Safety
///
/// `net` is alive and [`OPERATIONS`] are registered for it.
#[inline(never)]
unsafe fn slot(net: *mut bindings::net) -> *mut c_void {
    // SAFETY: The caller vouches for `net` and that `ID` has been assigned.
    unsafe { shim::genl_shim_net_generic(net, ID.load(Relaxed)) }
}

/// The value for `net`.
///
/// # Safety
///
/// A `Registration<H>` exists for `'a`, and `net` has been set up and is not being torn down for
/// `'a`.
#[inline]
pub(super) unsafe fn state<'a, H: PerNet>(net: &'a Net) -> &'a H {
    // SAFETY: Between `init` and `exit`, and the caller vouches that we are there, the slot holds an
    // `H` of which there are only shared references.
    unsafe { &*slot(net.as_raw()).cast() }
}

/// `pernet_operations.init`.
///
/// # Safety
///
/// Only for the core: as `ops_init()` calls it for operations whose size and id are those of `H`.
unsafe extern "C" fn init<H: PerNet>(net: *mut bindings::net) -> c_int {
    // SAFETY: `ops_init()` hands over a live namespace whose slot it has just allocated.
    let (slot, net) = unsafe { (slot(net).cast::<H>(), Net::from_raw(net)) };
    // SAFETY: The slot has `H`'s size and alignment (see `Registration::new`), is not initialised
    // yet, and does not move until `exit` has dropped it; upon an error `ops_init()` frees it.
    match unsafe { pin_init::raw_try_init(slot, H::init(net)) } {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// `pernet_operations.exit`.
///
/// # Safety
///
/// Only for the core: as `ops_exit_list()` calls it, once after [`init()`] has succeeded for `net`.
unsafe extern "C" fn exit<H: PerNet>(net: *mut bindings::net) {
    // SAFETY: The C side calls this once for each `init` that succeeded, when nobody can reach the
    // value any more: it has left the namespace's last socket or unregistered the family before.
    unsafe { core::ptr::drop_in_place(slot(net).cast::<H>()) }
}
