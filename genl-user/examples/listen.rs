//! One socket that listens to two families: `listen 10` prints ten events, those that this program
//! causes itself left out.

use std::io::{self, Write};

use genl_user::Listener;
use genl_user::families::{kvstore, nltest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args()
        .nth(1)
        .map_or(Ok(10), |count| count.parse())?;
    Ok(listen(&mut io::stdout(), count, |_| Ok(()))?)
}

/// Prints so many events. What `meanwhile` does with the client is not among them.
pub(crate) fn listen(
    out: &mut impl Write,
    count: usize,
    meanwhile: impl FnOnce(&mut kvstore::Client) -> io::Result<()>,
) -> io::Result<()> {
    let mut store = kvstore::Client::open()?;
    let mut listener = Listener::open()?;
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
