//! A request that is checked by its spec before it is sent, or where there is no kernel to send it to:
//! `check KEY LABEL…`.

use std::error::Error;
use std::io::{self, Write};

use genl_user::Request;
use genl_user::families::kvstore::{Meta, Set};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [key, ref labels @ ..] => run(&mut io::stdout(), key, labels),
        [] => Err("say a key, and labels".into()),
    }
}

pub(crate) fn run(out: &mut impl Write, key: &str, labels: &[&str]) -> Result<(), Box<dyn Error>> {
    let meta = Meta {
        label: labels,
        ..Meta::default()
    };
    let set = Set {
        key,
        meta: Some(meta),
        ..Set::default()
    };
    match set.check() {
        Ok(()) => writeln!(out, "the kernel would take it")?,
        Err(error) => writeln!(out, "{error}")?,
    }
    Ok(())
}
