// SPDX-License-Identifier: GPL-2.0

//! Operations: from the core's callbacks to methods of the handler.

use super::{
    attr::Request,
    dump::{
        self,
        Dump, //
    },
    family,
    message::TOO_LONG,
    net::{
        self,
        Net,
        PerNet, //
    },
    policy::Policy,
    reply::Replied, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// Who may call an operation, or join a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anyone.
    Anyone,
    /// Who has CAP_NET_ADMIN in the initial user namespace.
    Admin,
    /// Who has CAP_NET_ADMIN in the user namespace that owns the network namespace.
    NetnsAdmin,
    /// Who has CAP_SYS_ADMIN there; an operation that asks for it fails to compile.
    NetnsSysAdmin,
}

impl Permission {
    // For constants, as the rules of a policy: it is not to be compiled by itself.
    #[inline]
    const fn op_flags(self) -> u8 {
        match self {
            Self::Anyone => 0,
            Self::Admin => bindings::GENL_ADMIN_PERM as u8,
            Self::NetnsAdmin => bindings::GENL_UNS_ADMIN_PERM as u8,
            Self::NetnsSysAdmin => panic!("the core asks for it of a group's listeners only"),
        }
    }
}

/// An operation that a single request calls.
pub trait Do<H>: 'static {
    /// `genlmsghdr.cmd` of the request.
    const CMD: u8;
    /// Who may call it.
    const PERMISSION: Permission;
    /// What the core accepts.
    const POLICY: Policy;
    /// The core also takes attributes that the policy does not know, and some that are longer than
    /// they should be (`GENL_DONT_VALIDATE_STRICT`): only below the family's `resv_start_op`.
    const LIBERAL: bool = false;

    /// Serves one request; `None` where nothing but an ACK goes back.
    fn run<'r>(handler: &H, request: Request<'r>, op: &Op<'r>) -> Result<Option<Replied<'r>>>;
}

/// The operation with command `CMD`, for which generated code implements [`Do`] and [`Dump`].
pub struct Call<const CMD: u8>;

/// One row of a family's table of operations; a `struct genl_split_ops`.
///
/// The rows are for a handler of type `H`.
#[repr(transparent)]
pub struct SplitOp<H> {
    raw: bindings::genl_split_ops,
    _handler: PhantomData<fn(&H)>,
}

impl<H> SplitOp<H> {
    /// Whether the core takes these rows for a family's operations (`genl_validate_ops()`): at most
    /// 255, ascending by command, each command's do before its dump, both with the same permission.
    ///
    /// A family with any other table fails to compile.
    pub const fn is_table(rows: &[Self]) -> bool {
        let callers = (bindings::GENL_ADMIN_PERM | bindings::GENL_UNS_ADMIN_PERM) as u8;
        let mut at = 1;
        while at < rows.len() {
            let (one, next) = (&rows[at - 1].raw, &rows[at].raw);
            let halves = one.flags & bindings::GENL_CMD_CAP_DO as u8 != 0
                && next.flags & bindings::GENL_CMD_CAP_DUMP as u8 != 0
                && (one.flags ^ next.flags) & callers == 0;
            if one.cmd > next.cmd || (one.cmd == next.cmd && !halves) {
                return false;
            }
            at += 1;
        }
        rows.len() <= u8::MAX as usize
    }

    /// The last command of those that are liberal ([`Do::LIBERAL`], or the dump's).
    pub(super) const fn last_liberal(rows: &[Self]) -> Option<u8> {
        let mut last = None;
        let mut at = 0;
        while at < rows.len() {
            if rows[at].raw.validate != 0 {
                last = Some(rows[at].raw.cmd);
            }
            at += 1;
        }
        last
    }
}

impl<H: PerNet> SplitOp<H> {
    /// The row for a single call.
    pub const fn new_do<O: Do<H>>() -> Self {
        let calls = bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_1 {
            pre_doit: None,
            doit: Some(doit::<H, O>),
            post_doit: None,
        };
        Self {
            raw: bindings::genl_split_ops {
                __bindgen_anon_1: bindings::genl_split_ops__bindgen_ty_1 {
                    __bindgen_anon_1: calls,
                },
                policy: O::POLICY.as_ptr(),
                maxattr: O::POLICY.max() as c_uint,
                cmd: O::CMD,
                internal_flags: 0,
                flags: bindings::GENL_CMD_CAP_DO as u8 | O::PERMISSION.op_flags(),
                validate: match O::LIBERAL {
                    true => bindings::genl_validate_flags_GENL_DONT_VALIDATE_STRICT as u8,
                    false => 0,
                },
            },
            _handler: PhantomData,
        }
    }

    /// The row for a call that is answered by many messages.
    pub const fn new_dump<O: Dump<H>>() -> Self {
        let calls = bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_2 {
            start: Some(dump::start::<H, O>),
            dumpit: Some(dump::dumpit::<H, O>),
            done: Some(dump::done::<H, O>),
        };
        Self {
            raw: bindings::genl_split_ops {
                __bindgen_anon_1: bindings::genl_split_ops__bindgen_ty_1 {
                    __bindgen_anon_2: calls,
                },
                policy: O::POLICY.as_ptr(),
                maxattr: O::POLICY.max() as c_uint,
                cmd: O::CMD,
                internal_flags: 0,
                flags: bindings::GENL_CMD_CAP_DUMP as u8 | O::PERMISSION.op_flags(),
                validate: match O::LIBERAL {
                    true => bindings::genl_validate_flags_GENL_DONT_VALIDATE_DUMP_STRICT as u8,
                    false => 0,
                },
            },
            _handler: PhantomData,
        }
    }
}

/// The call that is being served: who made it, where, and how to tell what is wrong with it.
///
/// `'r` is the lifetime of this one request. It is invariant, so that nothing of one request can
/// be taken for a part of another.
///
/// # Invariants
///
/// `info` is what the core handed to the callback that runs, and valid for `'r`.
pub struct Op<'r> {
    pub(super) info: NonNull<bindings::genl_info>,
    _request: PhantomData<fn(&'r ()) -> &'r ()>,
}

impl<'r> Op<'r> {
    /// Wraps what the core hands to a callback, and finds the handler's value for the namespace.
    ///
    /// # Safety
    ///
    /// `info` is valid for `'r`, and was made by the core for an operation of a family that is
    /// registered by a [`family::Module`]; the running callback is one of the table of operations
    /// that was registered with state `H`.
    // Not inlined: each operation begins with it.
    #[inline(never)]
    pub(super) unsafe fn new<H: PerNet>(info: NonNull<bindings::genl_info>) -> (Self, &'r H) {
        // SAFETY: `info` is valid; its family is the first field of a `Family`.
        unsafe { family::note_request((*info.as_ptr()).family) };
        // INVARIANT: The caller vouches for it.
        let op = Self {
            info,
            _request: PhantomData,
        };
        // SAFETY: The family is unregistered before its state is, which waits for operations, and
        // the module cannot be unloaded while a dump is open; the socket that the request came by
        // keeps the namespace from being torn down.
        let state = unsafe { net::state(op.net()) };
        (op, state)
    }

    /// The network namespace that the request came from.
    #[inline]
    pub fn net(&self) -> &'r Net {
        // SAFETY: By the type invariant `info` is valid, and the core has set the namespace of the
        // socket that the request came by, which holds a reference to it.
        unsafe { Net::of(self.info.as_ptr()) }
    }

    /// The netlink port that the request came from.
    pub fn portid(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { (*self.info.as_ptr()).snd_portid }
    }

    /// The request's sequence number, which each reply repeats.
    pub fn seq(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { (*self.info.as_ptr()).snd_seq }
    }

    /// Whether the sender wants to hear of the events that the request causes (NLM_F_ECHO).
    pub fn wants_echo(&self) -> bool {
        // SAFETY: By the type invariant; `nlhdr` is the header of the request.
        let flags = unsafe { (*(*self.info.as_ptr()).nlhdr).nlmsg_flags };
        u32::from(flags) & bindings::NLM_F_ECHO != 0
    }

    /// The request's attributes.
    ///
    /// # Safety
    ///
    /// `policy` is the one by which the core has checked them.
    #[inline]
    pub(super) unsafe fn request(&self, policy: Policy) -> Request<'r> {
        // SAFETY: By the type invariant, `info` is valid for `'r`, and the core has filled its table.
        unsafe {
            let info = self.info.as_ptr();
            // Without a policy there can be no attributes, and the core's table may be missing.
            let table = match policy.as_ptr().is_null() || (*info).attrs.is_null() {
                true => &[],
                false => core::slice::from_raw_parts((*info).attrs, usize::from(policy.max()) + 1),
            };
            Request::new(table, self.info)
        }
    }
}

/// What the core gets for `error`.
///
/// [`TOO_LONG`] is EMSGSIZE to clients.
///
/// EINTR means to it that a dump has begun and no ACK is due (`netlink_rcv_skb()`); a handler that
/// returned it would leave the client waiting. Numbers from 512 on (include/linux/errno.h) are the
/// kernel's own, and no client knows them: the first are requests to try again, ERESTARTSYS among
/// them, which an interrupted sleep gives; what many subsystems say is ENOTSUPP.
#[cold]
#[inline(never)]
pub(super) fn to_errno(error: Error) -> c_int {
    const FIRST_OF_THE_KERNEL: c_int = -(bindings::ERESTARTSYS as c_int);
    const LAST_TO_TRY_AGAIN: c_int = -(bindings::EPROBE_DEFER as c_int);
    let shown = match error.to_errno() {
        _ if error == TOO_LONG => EMSGSIZE,
        _ if error == ENOTSUPP => EOPNOTSUPP,
        _ if error == EINTR => EAGAIN,
        LAST_TO_TRY_AGAIN..=FIRST_OF_THE_KERNEL => EAGAIN,
        ..=FIRST_OF_THE_KERNEL => EIO,
        _ => error,
    };
    shown.to_errno()
}

/// The core's `doit`.
///
/// # Safety
///
/// Only for the core: as `genl_family_rcv_msg_doit()` calls it, for a row of a table of state `H`
/// that has `O::POLICY`.
unsafe extern "C" fn doit<H: PerNet, O: Do<H>>(
    _skb: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
) -> c_int {
    // SAFETY: `genl_family_rcv_msg_doit()` passes a valid `info`, for the time of this call. This
    // function is in a table of state `H`.
    let (op, handler) = unsafe { Op::new::<H>(NonNull::new_unchecked(info)) };
    // SAFETY: This function is in the row that has `O::POLICY`.
    let request = unsafe { op.request(O::POLICY) };
    answer(&op, O::run(handler, request, &op))
}

/// Sends what a handler has replied, if anything, and tells the core how it went.
#[inline(never)]
fn answer<'r>(op: &Op<'r>, outcome: Result<Option<Replied<'r>>>) -> c_int {
    let outcome = outcome.and_then(|replied| match replied {
        Some(replied) => replied.transmit(op),
        None => Ok(()),
    });
    match outcome {
        Ok(()) => 0,
        Err(error) if error == TOO_LONG => {
            to_errno(op.error_at_least(error, c"the answer is too long for a message"))
        }
        Err(error) => to_errno(error),
    }
}
