// SPDX-License-Identifier: GPL-2.0

//! A family, and the module that registers it.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)

use super::{
    layout::MAX_STRUCT_LEN,
    net::{
        self,
        PerNet, //
    },
    op::{
        Permission,
        SplitOp, //
    },
    shim,
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    module::this_module,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Relaxed,
        Release, //
    },
    types::Opaque,
    ThisModule, //
};

/// A multicast group; a `struct genl_multicast_group`.
#[repr(transparent)]
pub struct Group(bindings::genl_multicast_group);

impl Group {
    /// A group that those may join who have `permission`.
    ///
    /// Fails to compile if the name is empty or longer than 15 bytes, or if the permission is
    /// [`Permission::Admin`]: the core only asks for rights in the namespace's own user namespace.
    pub const fn new(name: &CStr, permission: Permission) -> Self {
        let flags = match permission {
            Permission::Anyone => 0,
            Permission::NetnsAdmin => shim::GENL_MCAST_CAP_NET_ADMIN,
            Permission::NetnsSysAdmin => shim::GENL_MCAST_CAP_SYS_ADMIN,
            Permission::Admin => panic!("a group cannot ask for rights beyond its namespace"),
        };
        Self(bindings::genl_multicast_group {
            name: padded(name),
            flags,
        })
    }
}

/// The name with NULs behind it.
const fn padded<const N: usize>(name: &CStr) -> [c_char; N] {
    let name = name.to_bytes_with_nul();
    assert!(name.len() > 1 && name.len() <= N);
    let mut padded = [0; N];
    let mut at = 0;
    while at < name.len() {
        padded[at] = name[at];
        at += 1;
    }
    padded
}

/// Whether the core gives a family of this name numbers of its own, and stops the machine if it has
/// not exactly one group (`genl_validate_assign_mc_groups()`).
const fn is_kept(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"NET_DM" | b"VFS_DQUOT" | b"pmcraid")
}

/// A generic netlink family; a `struct genl_family`.
///
/// # Invariants
///
/// `inner` is written to by `Registration::new` before the family is registered, and by the core;
/// nobody else.
#[repr(C)]
pub struct Family {
    inner: Opaque<bindings::genl_family>,
    phase: Atomic<u32>,
}

/// Not registered yet.
const NEW: u32 = 0;
/// The core may have registered it: if a request comes, then it has.
const OPENING: u32 = 1;
/// Registered.
const OPEN: u32 = 2;
/// Not registered any more, or hardly.
const CLOSED: u32 = 3;

// SAFETY: The core locks what it writes; by the type invariant nobody else writes while the family
// is shared.
unsafe impl Sync for Family {}

impl Family {
    /// Describes a family.
    ///
    /// Fails to compile if the name is empty or longer than 15 bytes, or one that the core keeps for
    /// a family it knows (NET_DM, VFS_DQUOT, pmcraid), or if there are more than 255 groups.
    pub const fn new(
        name: &CStr,
        version: u8,
        resv_start_op: u8,
        groups: &'static [Group],
    ) -> Self {
        Self::with_header(name, version, resv_start_op, 0, groups)
    }

    /// As [`Family::new`], of a family whose messages have a header of `hdrsize` bytes before the
    /// attributes.
    ///
    /// The core refuses a request that is shorter (`genl_family_rcv_msg()`). Fails to compile if it
    /// would be more than [`MAX_STRUCT_LEN`].
    pub const fn with_header(
        name: &CStr,
        version: u8,
        resv_start_op: u8,
        hdrsize: usize,
        groups: &'static [Group],
    ) -> Self {
        assert!(groups.len() <= u8::MAX as usize);
        assert!(hdrsize <= MAX_STRUCT_LEN);
        assert!(!is_kept(name));
        Self {
            inner: Opaque::new(bindings::genl_family {
                name: padded(name),
                version: version as c_uint,
                hdrsize: hdrsize as c_uint,
                resv_start_op,
                n_mcgrps: groups.len() as u8,
                mcgrps: groups.as_ptr().cast(),
                ..pin_init::zeroed()
            }),
            phase: Atomic::new(NEW),
        }
    }

    pub(super) fn as_raw(&self) -> *mut bindings::genl_family {
        self.inner.get()
    }

    /// How many groups it has.
    pub(super) fn groups(&self) -> u8 {
        // SAFETY: By the type invariant this field does not change.
        unsafe { (*self.as_raw()).n_mcgrps }
    }

    #[cold]
    fn note_opening(&self) {
        let _ = self.phase.cmpxchg(OPENING, OPEN, Full);
    }

    /// It is registered, and its numbers are known.
    pub(super) fn is_open(&self) -> bool {
        self.phase.load(Acquire) == OPEN
    }
}

/// Tells a family that a request for it came: the first one may come before
/// `genl_register_family()` has returned.
///
/// # Safety
///
/// `family` points to the field of a [`Family`].
pub(super) unsafe fn note_request(family: *const bindings::genl_family) {
    // SAFETY: `inner` is the first field of a structure with C's layout.
    let family: &Family = unsafe { &*family.cast() };
    if family.phase.load(Relaxed) == OPENING {
        family.note_opening();
    }
}

/// A family together with who serves it: what a [`Module`] registers.
pub trait Serve: 'static {
    /// Who serves it; one value for each network namespace.
    type Handler: PerNet;
    /// The operations: a table by [`SplitOp::is_table`].
    const OPS: &'static [SplitOp<Self::Handler>];

    /// The family.
    fn family() -> &'static Family;
}

/// A module that serves the family `F`, for the `type` of `module!`.
///
/// Its `init` makes the state of all namespaces and then registers the family, as the last thing it
/// does: the module's code must not go once a dump can be open, and when `init` fails the code goes
/// at once (`do_init_module()`). Unloading goes the other way round.
pub struct Module<F: Serve> {
    _registration: Registration<F::Handler>,
    _family: PhantomData<fn() -> F>,
}

impl<F: Serve> kernel::Module for Module<F>
where
    Self: same::Same<crate::LocalModule>,
{
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self {
            _registration: Registration::new::<F>()?,
            _family: PhantomData,
        })
    }
}

/// Says of a type that it is another one.
mod same {
    pub trait Same<T> {}

    impl<T> Same<T> for T {}
}

/// A registered family with its state.
///
/// Only the value of the crate's `module!` ever contains one, which is dropped when the module is
/// unloaded: when no dump is open, as each of them holds a reference to the module.
struct Registration<H: PerNet> {
    _family: Registered,
    // Dropped after the family: operations use it.
    _state: net::Registration<H>,
}

/// `hdrsize` of the module's family: there is one, and no message before it is registered.
static HDRSIZE: Atomic<u32> = Atomic::new(0);

/// How many bytes the header has that the family's messages have before the attributes.
#[inline]
pub(super) fn hdrsize() -> usize {
    HDRSIZE.load(Relaxed) as usize
}

/// The module has registered its family, or tried to.
static TAKEN: Atomic<u32> = Atomic::new(0);

impl<H: PerNet> Registration<H> {
    /// Registers the state, then the family.
    ///
    /// Fails to compile unless [`SplitOp::is_table`] is content with the operations. Fails with
    /// EBUSY if this module has done so before, with EINVAL if an operation from `resv_start_op` on
    /// is liberal.
    fn new<F: Serve<Handler = H>>() -> Result<Self> {
        const {
            assert!(SplitOp::is_table(F::OPS));
        }
        let family = F::family();
        let raw = family.as_raw();
        // SAFETY: By the type invariant of `Family` these fields do not change.
        let (resv_start_op, hdrsize) = unsafe { ((*raw).resv_start_op, (*raw).hdrsize) };
        // The core would refuse it with a warning, which stops some machines.
        if const { SplitOp::last_liberal(F::OPS) }.is_some_and(|last| last >= resv_start_op) {
            return Err(EINVAL);
        }
        if TAKEN.cmpxchg(0, 1, Full).is_err() {
            return Err(EBUSY);
        }
        // SAFETY: We are here for the first time.
        let state = unsafe { net::Registration::new()? };
        HDRSIZE.store(hdrsize, Relaxed);
        // SAFETY: The family is not registered, as only we do that; so nobody else looks at these
        // fields. The table is static, and its rows are what the C side expects.
        unsafe {
            (*raw).split_ops = F::OPS.as_ptr().cast();
            (*raw).n_split_ops = F::OPS.len() as u8;
            (*raw).module = this_module::<crate::LocalModule>().as_ptr();
            (*raw).set_netnsok(1);
            (*raw).set_parallel_ops(1);
        }
        family.phase.store(OPENING, Release);
        // SAFETY: The family is static and complete. Its callbacks belong to this module, which
        // unregisters it before it goes, and to state `H`, which is registered.
        let registered = to_result(unsafe { bindings::genl_register_family(raw) });
        family
            .phase
            .store(if registered.is_ok() { OPEN } else { CLOSED }, Release);
        registered?;
        Ok(Self {
            _family: Registered(family),
            _state: state,
        })
    }
}

/// A family that is registered; dropping it unregisters it.
struct Registered(&'static Family);

impl Drop for Registered {
    #[inline]
    fn drop(&mut self) {
        self.0.phase.store(CLOSED, Release);
        // SAFETY: We are not inside the gate. It returns when all have left who came in before.
        unsafe { shim::genl_shim_gate_drain() };
        // SAFETY: It is registered. This returns when no operation runs any more.
        unsafe { bindings::genl_unregister_family(self.0.as_raw()) };
    }
}
