//! Typed generic netlink clients.
