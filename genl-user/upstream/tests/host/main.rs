//! The generated clients against the families of the kernel that this machine runs, where it has them.
//!
//! No right is needed, and no setting is changed. The kernel may load a family's module when its client is opened,
//! and the connection that tcp_metrics is asked about leaves an entry in its table, as any connection does.

mod ethtool;
mod mptcp_pm;
mod netdev;
mod nlctrl;
mod tcp_metrics;

use std::fs;
use std::io::{self, Write};

use genl_upstream::nlctrl::{Client, GetfamilyDump};
use genl_user::Error;

/// A family's client, if the kernel has the family. One that it lacks is named where the test runner shows it.
fn present<C>(opened: Result<C, Error>) -> Option<C> {
    match opened {
        Ok(client) => Some(client),
        Err(Error::UnknownFamily { name, .. }) => {
            assert!(!families().contains(&name), "{name} is there");
            // Not with `eprintln!`, which the runner shows for tests that fail only.
            writeln!(
                io::stderr(),
                "absent from this kernel, so not tried: {name}"
            )
            .expect("stderr");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The names of all families that the kernel has.
fn families() -> Vec<String> {
    let mut nlctrl = Client::open().expect("every kernel has nlctrl");
    let dump = nlctrl.getfamily_dump(&GetfamilyDump {}).expect("a dump");
    dump.owned()
        .map(|family| family.expect("a family").family_name.expect("a name"))
        .collect()
}

/// The number in a file of /sys or /proc.
fn number(path: &str) -> u32 {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = text.trim();
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|error| panic!("{path}: {text}: {error}"))
}
