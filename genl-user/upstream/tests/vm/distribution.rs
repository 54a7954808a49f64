//! Families that the distribution's kernel has, most of them in modules.

mod cli;
mod ethtool;
mod fou;
mod mptcp_pm;
mod netdev;
mod nl80211;
mod ovpn;
mod ovs;
mod tcp_metrics;
mod team;
mod wireguard;
