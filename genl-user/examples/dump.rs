//! A dump, in three ways: item by item, as an iterator, and all of one moment. `dump host/` lists what
//! the kernel's key/value store has of that prefix.

use std::error::Error;
use std::io::{self, Write};

use genl_user::Options;
use genl_user::families::kvstore::{Client, GetDump};

fn main() -> Result<(), Box<dyn Error>> {
    let prefix = std::env::args().nth(1);
    run(&mut io::stdout(), &Options::new(), prefix.as_deref())
}

pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    prefix: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let mut kv = Client::open_with(options)?;
    // What filters there are is for the family to say: they are attributes of the request.
    let request = GetDump { prefix };

    // Borrowed from the receive buffer, nothing is copied.
    let mut entries = kv.get_dump(&request)?;
    loop {
        match entries.next() {
            Ok(Some(entry)) => writeln!(out, "item: {}", entry.key().unwrap_or_default())?,
            Ok(None) => break,
            // Tells that of all items, after the last of them.
            Err(genl_user::Error::DumpInterrupted { .. }) => {
                writeln!(out, "it was changed meanwhile")?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Until then it has the client to itself.
    drop(entries);

    let values = kv.get_dump(&request)?.owned();
    let values = values.map(|entry| Ok(entry?.value.unwrap_or_default().len()));
    let bytes: usize = values.sum::<Result<_, genl_user::Error>>()?;
    writeln!(out, "{bytes} bytes of values")?;

    // Asks again, up to three times, if it was changed meanwhile.
    let entries = kv.get_dump(&request)?.consistent(3)?;
    writeln!(out, "{} entries at one moment", entries.len())?;
    Ok(())
}
