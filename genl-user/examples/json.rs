//! Views as JSON, and owned types made from JSON: all families, one a line.

use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, GetfamilyDump, GetfamilyReplyOwned};

fn main() -> io::Result<()> {
    run(&mut io::stdout())
}

pub(crate) fn run(out: &mut impl Write) -> io::Result<()> {
    let mut nlctrl = Client::open()?;
    let mut families = nlctrl.getfamily_dump(&GetfamilyDump {})?;
    while let Some(family) = families.next()? {
        let line = serde_json::to_string(&family)?;
        // And back, into what can be kept.
        let kept: GetfamilyReplyOwned = serde_json::from_str(&line)?;
        if kept != family.to_owned() {
            return Err(io::Error::other("it did not come back"));
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
