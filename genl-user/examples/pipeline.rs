//! Several calls in one system call: `pipeline nlctrl ethtool no-such-family`.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, Getfamily};

fn main() -> Result<(), Box<dyn Error>> {
    let names: Vec<_> = std::env::args().skip(1).collect();
    if names.is_empty() {
        return Err("say names of families".into());
    }
    run(&mut io::stdout(), &names)
}

pub(crate) fn run(out: &mut impl Write, names: &[String]) -> Result<(), Box<dyn Error>> {
    let mut nlctrl = Client::open()?;
    let mut batch = nlctrl.pipeline();
    let mut tickets = Vec::new();
    for name in names {
        tickets.push(batch.getfamily(&Getfamily {
            family_name: Some(name),
            ..Getfamily::default()
        })?);
    }
    // All of them are sent, and all are answered, whatever becomes of one.
    let answers = batch.send()?;
    for (name, ticket) in names.iter().zip(tickets) {
        match answers.take(ticket) {
            Ok(family) => writeln!(out, "{name}: {}", family.family_id().unwrap_or_default())?,
            Err(error) => writeln!(out, "{name}: {error}")?,
        }
    }
    Ok(())
}
