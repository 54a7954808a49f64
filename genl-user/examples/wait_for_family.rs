//! A client of a family whose module may be loaded later: `wait_for_family 60` waits so many seconds
//! for the kernel's key/value store.

use std::io::{self, Write};
use std::time::Duration;

use genl_user::families::kvstore::{Client, Stats};
use genl_user::{Error, Options};

fn main() -> io::Result<()> {
    let seconds = std::env::args().nth(1).map(|count| count.parse());
    let seconds = seconds.transpose().map_err(io::Error::other)?;
    let patience = Duration::from_secs(seconds.unwrap_or(10));
    run(&mut io::stdout(), &Options::new(), patience)
}

pub(crate) fn run(out: &mut impl Write, options: &Options, patience: Duration) -> io::Result<()> {
    // `Client::open_when_available(patience)` in short. The controller tells when it comes; nothing
    // is polled.
    match Client::open_with(&options.clone().wait_for_family(patience)) {
        Ok(mut kv) => {
            let entries = kv.stats(&Stats {})?.entries();
            writeln!(out, "it has {} entries", entries.unwrap_or_default())
        }
        Err(error @ Error::UnknownFamily { .. }) => writeln!(out, "{error}"),
        Err(error) => Err(error.into()),
    }
}
