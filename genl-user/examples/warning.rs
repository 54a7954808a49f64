//! What the kernel minds about a request, though it carries it out: it comes with the ACK, so a flag
//! asks for one where a reply would be all.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nltest::{Client, Hello, Remark};
use genl_user::{Flags, Options};

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout(), &Options::new())
}

pub(crate) fn run(out: &mut impl Write, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut client = Client::open_with(options)?;
    // It is answered by an ACK and nothing else.
    client.remark(&Remark {
        text: "be careful",
        ..Remark::default()
    })?;
    match client.connection().warning() {
        Some(warning) => writeln!(out, "{warning}")?,
        None => writeln!(out, "no warning")?,
    }
    // It is answered by a reply; with the flag, by an ACK too. The flag is about the next call alone.
    let text = "hello";
    client.with_flags(Flags::ACK).hello(&Hello { text })?;
    match client.connection().warning() {
        Some(warning) => writeln!(out, "{warning}")?,
        None => writeln!(out, "no warning")?,
    }
    Ok(())
}
