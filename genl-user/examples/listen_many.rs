//! One socket that listens to two families: `listen_many 10` prints ten events, those that this program
//! causes itself left out.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::{kvstore, nltest};
use genl_user::{Listener, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or("10".into());
    let count = count.parse().map_err(|_| "say how many events")?;
    let meanwhile = |_: &mut kvstore::Client| Ok(());
    run(&mut io::stdout(), &Options::new(), count, meanwhile)
}

/// Prints so many events. What `meanwhile` does with the client is not among them.
pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    count: usize,
    meanwhile: impl FnOnce(&mut kvstore::Client) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut store = kvstore::Client::open_with(options)?;
    let mut listener = Listener::open_with(options)?;
    listener.join(&[kvstore::Group::Changes])?;
    listener.join(&[nltest::Group::Chat])?;
    listener.ignore(store.connection().port());
    meanwhile(&mut store)?;
    for _ in 0..count {
        let heard = listener.next()?;
        // Each family's events are matched where they belong; who is not concerned gets none.
        if let Some(event) = heard.event::<kvstore::Group>()? {
            match event {
                kvstore::Event::SetNtf(entry) => writeln!(out, "set {:?}", entry.key())?,
                kvstore::Event::DelNtf(gone) => writeln!(out, "deleted {:?}", gone.key())?,
                other => writeln!(out, "the store: {other:?}")?,
            }
        }
        if let Some(event) = heard.event::<nltest::Group>()? {
            match event {
                nltest::Event::Message(message) => writeln!(out, "said {:?}", message.text())?,
                other => writeln!(out, "the chat: {other:?}")?,
            }
        }
    }
    Ok(())
}
