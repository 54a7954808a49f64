//! A client of a family whose module may be loaded later: `wait_for_family 60` waits so many seconds
//! for the kernel's key/value store.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use genl_user::Options;
use genl_user::families::kvstore::{Client, Stats};

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).unwrap_or("10".into());
    let seconds = seconds.parse().map_err(|_| "say how many seconds")?;
    let patience = Duration::from_secs(seconds);
    run(&mut io::stdout(), &Options::new(), patience)
}

pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    patience: Duration,
) -> Result<(), Box<dyn Error>> {
    // `Client::open_when_available(patience)` in short. The controller tells when it comes; nothing
    // is polled.
    match Client::open_with(&options.clone().wait_for_family(patience)) {
        Ok(mut kv) => {
            let entries = kv.stats(&Stats {})?.entries();
            writeln!(out, "it has {} entries", entries.unwrap_or_default())?;
        }
        Err(error @ genl_user::Error::UnknownFamily { .. }) => writeln!(out, "{error}")?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
