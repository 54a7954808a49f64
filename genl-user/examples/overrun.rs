//! Kernel to user: events as they come, and what to do when some were lost because they were not read
//! in time. `overrun 10` prints ten of them; `mirror` has all this done by [`genl_user::Follow`].

use std::error::Error;
use std::io::{self, Write};

use genl_user::Options;
use genl_user::families::kvstore::{Client, Event, Events, GetDump, Group};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or("10".into());
    let count = count.parse().map_err(|_| "say how many events")?;
    run(&mut io::stdout(), &Options::new(), count, |_| {})
}

/// Prints so many events. `meanwhile` is told the listener's port.
pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    count: usize,
    meanwhile: impl FnOnce(u32),
) -> Result<(), Box<dyn Error>> {
    let mut kv = Client::open_with(options)?;
    let mut changes = Events::open_with(options, &[Group::Changes])?;
    // So many bytes of events may wait to be read.
    changes.set_queue_size(1 << 20)?;
    meanwhile(changes.port());
    for _ in 0..count {
        match changes.next()? {
            Event::SetNtf(entry) => writeln!(out, "set {}", entry.key().unwrap_or_default())?,
            Event::DelNtf(gone) => writeln!(out, "deleted {}", gone.key().unwrap_or_default())?,
            // What is known of the store may be wrong now: look at all of it.
            Event::Overrun | Event::Reloaded => {
                let entries = kv.get_dump(&GetDump::default())?.consistent(3)?;
                writeln!(out, "some were lost; there are {} entries", entries.len())?;
            }
            Event::Unknown(notice) => writeln!(out, "newer than the spec: {notice:?}")?,
        }
    }
    Ok(())
}
