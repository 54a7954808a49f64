//! A call that ends in time, whatever the kernel does, and a client that can be used after it.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use genl_user::Options;
use genl_user::families::kvstore::{Client, Stats};

fn main() -> Result<(), Box<dyn Error>> {
    let meanwhile = |_: &str| {};
    run(&mut io::stdout(), &Options::new(), meanwhile)
}

/// `before` is told which call is next.
pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    before: impl Fn(&str),
) -> Result<(), Box<dyn Error>> {
    // Every call of this client has a second, and so has opening it.
    let options = options.clone().timeout(Duration::from_secs(1));
    let mut kv = Client::open_with(&options)?;

    // This one has less.
    before("hurried");
    match kv.within(Duration::from_millis(30)).stats(&Stats {}) {
        Ok(_) => writeln!(out, "hurried: answered in time")?,
        // Whether the kernel has done it nobody knows.
        Err(genl_user::Error::TimedOut(_)) => writeln!(out, "hurried: not answered in time")?,
        Err(error) => return Err(error.into()),
    }

    // An answer that comes late is not taken for that of another call.
    before("patient");
    let entries = kv.stats(&Stats {})?.entries();
    writeln!(out, "patient: {} entries", entries.unwrap_or_default())?;
    Ok(())
}
