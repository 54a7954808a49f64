//! A copy of the kernel's key/value store that is kept up to date: a dump, then what changes, and
//! another dump whenever changes were lost. `mirror 10` prints how ten updates change it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use genl_user::families::kvstore::{Client, Event, Events, GetDump, Group};
use genl_user::{Options, Snapshot, Update};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or("10".into());
    let count = count.parse().map_err(|_| "say how many updates")?;
    run(&mut io::stdout(), &Options::new(), count)
}

/// Prints the store's keys after each of so many updates.
pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    count: usize,
) -> Result<(), Box<dyn Error>> {
    let mut store = Client::open_with(options)?;
    let mut updates = Events::open_with(options, &[Group::Changes])?
        .follow(move || {
            // All of one moment, so that the highest revision tells what it has seen.
            let entries = store.get_dump(&GetDump::default())?.consistent(10)?;
            let revision = entries.iter().filter_map(|entry| entry.revision).max();
            Ok(Snapshot {
                state: entries,
                revision,
            })
        })
        .drop_older(|event| match event {
            Event::SetNtf(entry) => entry.revision(),
            Event::DelNtf(gone) => gone.revision(),
            _ => None,
        });
    let mut mirror = BTreeMap::new();
    for _ in 0..count {
        match updates.next()? {
            Update::Snapshot(entries) => {
                let entries = entries.into_iter();
                mirror = entries.map(|entry| (entry.key, entry.value)).collect();
            }
            Update::Event(Event::SetNtf(entry)) => {
                let entry = entry.to_owned();
                mirror.insert(entry.key, entry.value);
            }
            Update::Event(Event::DelNtf(gone)) => {
                mirror.remove(&gone.key().map(str::to_owned));
            }
            Update::Event(other) => writeln!(out, "{other:?}")?,
        }
        let keys: Vec<_> = mirror.keys().flatten().collect();
        writeln!(out, "{keys:?}")?;
        out.flush()?;
    }
    Ok(())
}
