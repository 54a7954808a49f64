//! User to kernel: one call, and what it gives. `call ethtool` prints what the kernel knows of a family.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, Getfamily};

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or("nlctrl".into());
    run(&mut io::stdout(), &name)
}

pub(crate) fn run(out: &mut impl Write, name: &str) -> Result<(), Box<dyn Error>> {
    let mut nlctrl = Client::open()?;
    let family = nlctrl.getfamily(&Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    })?;
    // What the kernel has left out is `None`.
    let id = family.family_id().unwrap_or_default();
    writeln!(out, "{name} has id {id}")?;
    // Lists are iterators over what is read where it was received.
    for op in family.ops() {
        let flags = op.flags().unwrap_or_default();
        writeln!(out, "command {}: {flags}", op.id().unwrap_or_default())?;
    }
    for group in family.mcast_groups() {
        writeln!(out, "group {}", group.name().unwrap_or_default())?;
    }
    Ok(())
}
