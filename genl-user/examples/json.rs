//! Views as JSON, and owned types made from JSON: all families, one a line.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, GetfamilyDump, GetfamilyReplyOwned};

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut nlctrl = Client::open()?;
    let mut families = nlctrl.getfamily_dump(&GetfamilyDump {})?;
    while let Some(family) = families.next()? {
        let line = serde_json::to_string(&family)?;
        // And back, into what can be kept.
        let kept: GetfamilyReplyOwned = serde_json::from_str(&line)?;
        if kept != family.to_owned() {
            return Err("it did not come back".into());
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
