//! User to kernel: one call, and what it gives. `call ethtool` prints what the kernel knows of a family.

use std::io::{self, Write};
use std::process::ExitCode;

use genl_user::families::nlctrl::{Client, Getfamily};

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or("nlctrl".into());
    match run(&mut io::stdout(), &name) {
        Ok(()) => ExitCode::SUCCESS,
        // To return it from `main` would print its fields rather than its words.
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn run(out: &mut impl Write, name: &str) -> io::Result<()> {
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
