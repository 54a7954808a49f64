//! Events from all network namespaces that have a number here (`ip netns set`): `all_namespaces 10`
//! prints ten changes of any of their key/value stores. It takes CAP_NET_BROADCAST.

use std::error::Error;
use std::io::{self, Write};

use genl_user::Listener;
use genl_user::families::kvstore::{Event, Group};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or("10".into());
    let count = count.parse().map_err(|_| "say how many events")?;
    run(&mut io::stdout(), count, || Ok(()))
}

/// Prints so many events; `meanwhile` is called when they are heard.
pub(crate) fn run(
    out: &mut impl Write,
    count: usize,
    meanwhile: impl FnOnce() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut listener = Listener::open()?;
    listener.hear_all_namespaces()?;
    listener.join(&[Group::Changes])?;
    meanwhile()?;
    for _ in 0..count {
        let heard = listener.next()?;
        let place = match heard.notice().and_then(|notice| notice.nsid()) {
            Some(nsid) => format!("namespace {nsid}"),
            None => "here".to_owned(),
        };
        match heard.event::<Group>()? {
            Some(Event::SetNtf(entry)) => writeln!(out, "{place}: set {:?}", entry.key())?,
            Some(Event::DelNtf(gone)) => writeln!(out, "{place}: deleted {:?}", gone.key())?,
            other => writeln!(out, "{place}: {other:?}")?,
        }
    }
    Ok(())
}
