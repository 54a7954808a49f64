//! How deep attributes stand, and whether they have been read before.

/// How many nests may stand within each other: as many as a flow of Open vSwitch can have, which
/// nests deepest of what the kernel sends. Its actions stand in OVS_FLOW_ATTR_ACTIONS, and up to 16
/// times in other ones (OVS_COPY_ACTIONS_MAX_DEPTH in net/openvswitch/flow_netlink.c), each time in
/// two nests (`sample` and its `actions`); the last may set the options of a VXLAN tunnel, in three.
///
/// Each level takes stack of who reads, prints or copies such a message: with the largest views there
/// are, those of these actions, it is about 20 KiB in a build without optimisation. 1 MiB is enough,
/// which is half of what the standard library gives a thread.
pub(super) const MAX_DEPTH: u32 = 1 + 2 * 16 + 3;

/// How many nests an attribute stands in; and, in the highest bit, whether it has been read before:
/// then the nests in it need not be looked through once more for errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Level(u32);

impl Level {
    const CHECKED: u32 = 1 << 31;

    #[inline]
    pub(super) fn depth(self) -> u32 {
        self.0 & !Self::CHECKED
    }

    #[inline]
    pub(super) fn is_checked(self) -> bool {
        self.0 & Self::CHECKED != 0
    }

    #[inline]
    pub(super) fn checked(self) -> Self {
        Self(self.0 | Self::CHECKED)
    }

    #[inline]
    pub(super) fn below(self) -> Self {
        // Each nest takes bytes, so the depth never gets near that bit.
        Self(self.0 + 1)
    }
}
