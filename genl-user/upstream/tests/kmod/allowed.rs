//! Where our policies are known to differ from those of the kernel's own families. Each entry must occur.

use std::fmt;
use std::sync::LazyLock;

/// Specs of families that the distribution's kernel is built without, and the option that is off.
pub(crate) const ABSENT: &[(&str, &str)] =
    &[("drm-ras", "CONFIG_DRM_RAS"), ("psp", "CONFIG_INET_PSP")];

/// What a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only the kernel's own family takes the attribute.
    Missing,
    /// Only ours takes it.
    Extra,
    /// Both take it, but not the same values, as far as is told.
    Other,
}

/// A known difference.
#[derive(Debug)]
pub(crate) struct Allowed {
    family: &'static str,
    kind: Kind,
    /// The attribute, as it is reached from a request: `keyconf.encrypt-dir.cipher-key`. At its end a `*` stands for
    /// anything.
    attribute: &'static str,
    why: &'static str,
}

impl Allowed {
    /// Whether it is about this place: `key-new do: keyconf.encrypt-dir.cipher-key`.
    pub(crate) fn covers(&self, family: &str, kind: Kind, place: &str) -> bool {
        let attribute = place.split_once(": ").map_or(place, |(_, it)| it);
        let fits = match self.attribute.strip_suffix('*') {
            Some(start) => attribute.starts_with(start),
            None => attribute == self.attribute,
        };
        family == self.family && kind == self.kind && fits
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            family,
            kind,
            attribute,
            why,
        } = self;
        write!(f, "{family}: {attribute}: {kind:?}, as {why}")
    }
}

const ONE_POLICY: &str =
    "the C code has one policy for all operations, the spec says of each what it takes";
const SPEC_LACKS: &str = "the spec's request does not list it";
const REPLY_ONLY: &str =
    "the spec lists for the request what the C code has in replies or checks by hand";
const BY_HAND: &str = "the C code parses this nest by itself, so no policy of it is told";
const UNVALIDATED: &str = "the C code has no policy for this dump";
const UNTYPED: &str = "the C code gives it no type, so nothing of it is told";
const LIMITS: &str = "the C code has limits that the spec lacks";
const BIG_ENDIAN: &str =
    "the C code has NLA_U32 where the spec has a big-endian number, of which nothing is told";
const UNTOLD: &str = "the C code asks for the same length in a way that is not told";
const OTHER_TYPE: &str = "the spec has another type for it than the C code";
const MACRO: &str = "the spec says no value of the C macro that is its limit";

/// All of them.
pub(crate) static ALLOWED: LazyLock<Vec<Allowed>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (family, kind, why, attributes) in TABLE {
        all.extend(attributes.split_whitespace().map(|attribute| Allowed {
            family,
            kind: *kind,
            attribute,
            why,
        }));
    }
    all
});

/// Family, kind, reason, and the attributes.
const TABLE: &[(&str, Kind, &str, &str)] = &[
    ("netdev", Kind::Other, MACRO, "rx-page-size"),
    (
        "ovpn",
        Kind::Other,
        UNTOLD,
        "keyconf.encrypt-dir.cipher-key keyconf.decrypt-dir.cipher-key",
    ),
    (
        "tcp_metrics",
        Kind::Missing,
        BIG_ENDIAN,
        "addr-ipv4 saddr-ipv4",
    ),
    ("tcp_metrics", Kind::Other, LIMITS, "addr-ipv6 saddr-ipv6"),
    (
        "ethtool",
        Kind::Other,
        LIMITS,
        "header.dev-name header.flags header.phy-index hwtstamp-provider.qualifier i2c-address length offset context \
         hfunc input-xfrm use-cqe-mode-rx use-cqe-mode-tx auto lanes pmac-enabled tx-enabled tx-min-frag-size \
         verify-enabled verify-time power-mode-policy burst-cnt burst-tmr enabled node-cnt node-id to-tmr \
         c33-pse-admin-control podl-pse-admin-control cqe-size rx-buf-len rx-push tx-push flow-hash.* sopass",
    ),
    (
        "ethtool",
        Kind::Extra,
        BY_HAND,
        "modes.* groups.* msgmask.* modes-ours.* modes-peer* wanted.* ours.* flags.* hwtstamp-flags.* rx-filters.* \
         tx-types.* stringsets.*",
    ),
    (
        "ethtool",
        Kind::Extra,
        REPLY_ONLY,
        "header.phy-index rx-max tx-max combined-max other-max stats* active* hw* nochange* tp-mdix transceiver \
         master-slave-state peer* rate-matching power-mode status version hds-thresh-max rx-jumbo-max rx-mini-max \
         tx-push-buf-len-max",
    ),
    (
        "ethtool",
        Kind::Missing,
        SPEC_LACKS,
        "stats-src src cfg start-context context",
    ),
    ("nl80211", Kind::Missing, ONE_POLICY, "*"),
    ("nl80211", Kind::Other, LIMITS, "ifname"),
    (
        "nl80211",
        Kind::Extra,
        UNVALIDATED,
        "ifname ifindex wdev wiphy split-wiphy-dump",
    ),
    ("nl80211", Kind::Extra, REPLY_ONLY, "protocol-features"),
    ("nlctrl", Kind::Missing, SPEC_LACKS, "family-id family-name"),
    ("nlctrl", Kind::Other, LIMITS, "family-name"),
    ("ovs_datapath", Kind::Missing, ONE_POLICY, "*"),
    ("ovs_datapath", Kind::Other, LIMITS, "name"),
    ("ovs_datapath", Kind::Other, OTHER_TYPE, "user-features"),
    ("ovs_datapath", Kind::Extra, UNVALIDATED, "name"),
    ("ovs_flow", Kind::Missing, ONE_POLICY, "*"),
    ("ovs_flow", Kind::Other, OTHER_TYPE, "ufid-flags"),
    ("ovs_flow", Kind::Extra, BY_HAND, "key.* mask.* actions.*"),
    ("ovs_flow", Kind::Extra, UNTYPED, "ufid"),
    ("ovs_flow", Kind::Extra, UNVALIDATED, "key ufid-flags"),
    ("ovs_packet", Kind::Other, OTHER_TYPE, "actions key"),
    ("ovs_packet", Kind::Extra, UNTYPED, "packet"),
    ("ovs_vport", Kind::Missing, ONE_POLICY, "*"),
    ("ovs_vport", Kind::Other, LIMITS, "name"),
    ("ovs_vport", Kind::Other, OTHER_TYPE, "type ifindex"),
    ("ovs_vport", Kind::Extra, UNVALIDATED, "name"),
    ("ovs_vport", Kind::Extra, BY_HAND, "options.*"),
    ("ovs_vport", Kind::Extra, UNTYPED, "upcall-pid"),
];
