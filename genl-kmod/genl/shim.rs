// SPDX-License-Identifier: GPL-2.0

//! Declarations of what `shim.c` defines.

use kernel::{
    bindings,
    prelude::*, //
};

/// `NLMSG_HDRLEN`.
pub(super) const NLMSG_HDRLEN: usize = 16;
/// `GENL_HDRLEN`.
pub(super) const GENL_HDRLEN: usize = 4;
/// `NLA_HDRLEN`.
pub(super) const NLA_HDRLEN: usize = 4;
/// `NLA_ALIGNTO`.
pub(super) const NLA_ALIGNTO: usize = 4;
/// `NLA_TYPE_MASK`.
pub(super) const NLA_TYPE_MASK: u16 = 0x3fff;
/// `GENL_MCAST_CAP_NET_ADMIN`.
pub(super) const GENL_MCAST_CAP_NET_ADMIN: u8 = 1;
/// `GENL_MCAST_CAP_SYS_ADMIN`.
pub(super) const GENL_MCAST_CAP_SYS_ADMIN: u8 = 2;

#[allow(
    improper_ctypes,
    reason = "`lock_class_key` has no fields without lockdep, which C allows"
)]
extern "C" {
    pub(super) fn genl_shim_net_generic(net: *const bindings::net, id: c_uint) -> *mut c_void;
    pub(super) fn genl_shim_dump_check_consistent(
        cb: *mut bindings::netlink_callback,
        user_hdr: *mut c_void,
    );
    pub(super) fn genl_shim_unicast(
        net: *mut bindings::net,
        skb: *mut bindings::sk_buff,
        portid: u32,
    ) -> c_int;
    pub(super) fn genl_shim_multicast(
        family: *const bindings::genl_family,
        net: *mut bindings::net,
        skb: *mut bindings::sk_buff,
        group: c_uint,
        gfp: bindings::gfp_t,
    );
    pub(super) fn genl_shim_multicast_all(
        family: *const bindings::genl_family,
        skb: *mut bindings::sk_buff,
        group: c_uint,
    );
    #[cfg(any(CONFIG_DEBUG_ATOMIC_SLEEP, CONFIG_LOCKDEP))]
    pub(super) fn genl_shim_might_alloc(gfp: bindings::gfp_t);
    pub(super) fn genl_shim_gate_enter() -> c_int;
    pub(super) fn genl_shim_gate_leave(token: c_int);
    pub(super) fn genl_shim_gate_drain();
    pub(super) fn genl_shim_cond_resched();
}
