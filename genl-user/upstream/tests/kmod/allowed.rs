//! Where our policies are known to differ from those of the kernel's own families. Each entry must occur.

use std::fmt;

/// Specs of families that the distribution's kernel is built without, and the option that is off.
pub(crate) const ABSENT: &[(&str, &str)] =
    &[("drm-ras", "CONFIG_DRM_RAS"), ("psp", "CONFIG_INET_PSP")];

/// A known difference.
pub(crate) struct Allowed {
    family: &'static str,
    /// The attribute, as it is reached from a request: `keyconf.encrypt-dir.cipher-key`. At its ends a `*` stands for
    /// anything.
    attribute: &'static str,
    why: &'static str,
}

impl Allowed {
    /// Whether it is about this place: `key-new do: keyconf.encrypt-dir.cipher-key`.
    pub(crate) fn covers(&self, family: &str, place: &str) -> bool {
        let attribute = place
            .split_once(": ")
            .map_or(place, |(_, attribute)| attribute);
        let fits = match (
            self.attribute.strip_prefix('*'),
            self.attribute.strip_suffix('*'),
        ) {
            (Some(end), _) => attribute.ends_with(end),
            (_, Some(start)) => attribute.starts_with(start),
            _ => attribute == self.attribute,
        };
        family == self.family && fits
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.family, self.attribute, self.why)
    }
}

const fn allowed(family: &'static str, attribute: &'static str, why: &'static str) -> Allowed {
    Allowed {
        family,
        attribute,
        why,
    }
}

/// The spec says big endian, so ours is NLA_BE32, which the kernel does not tell of.
const BIG_ENDIAN: &str = "the C code has NLA_U32 where the spec has a big-endian number";

/// The kernel tells nothing of NLA_POLICY_MAX_LEN.
const UNTOLD: &str = "the same length, which the C code asks for in a way that is not told";

/// All of them.
pub(crate) const ALLOWED: &[Allowed] = &[
    allowed(
        "netdev",
        "rx-page-size",
        "the least is a macro of C, of which the spec says no value",
    ),
    allowed("ovpn", "*cipher-key", UNTOLD),
    allowed("tcp_metrics", "addr-ipv4", BIG_ENDIAN),
    allowed("tcp_metrics", "saddr-ipv4", BIG_ENDIAN),
    allowed(
        "tcp_metrics",
        "addr-ipv6",
        "the C code wants exactly 16 bytes, the spec at least",
    ),
    allowed(
        "tcp_metrics",
        "saddr-ipv6",
        "the C code wants exactly 16 bytes, the spec at least",
    ),
];
