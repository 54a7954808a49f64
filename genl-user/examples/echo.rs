//! What a call has changed, told to its caller: with the flag ECHO the notifications that a request
//! causes come to its sender too. `echo` deletes all entries of the kernel's key/value store, and
//! prints which.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::kvstore::{Clear, Client, DelNtfOwned};
use genl_user::{Flags, Options};

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout(), &Options::new())
}

pub(crate) fn run(out: &mut impl Write, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut kv = Client::open_with(options)?;
    // `clear` is answered by an ACK alone, so what comes before that are the notifications.
    let connection = kv.connection().with_flags(Flags::ECHO);
    let mut gone = connection.call_all::<DelNtfOwned>(&Client::CLEAR, &Clear {})?;
    while let Some(gone) = gone.next()? {
        writeln!(out, "deleted {}", gone.key().unwrap_or_default())?;
    }
    Ok(())
}
