//! A client in another network namespace: `netns blue`, `netns /proc/4711/ns/net`. It takes
//! CAP_SYS_ADMIN; the calling thread stays where it is.

use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, Getfamily};
use genl_user::{Netns, Options};

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some(path) if path.contains('/') => run(&mut io::stdout(), Netns::path(path)),
        Some(name) => run(&mut io::stdout(), Netns::named(name)),
        None => Err(io::Error::other("say a name or a path")),
    }
}

pub(crate) fn run(out: &mut impl Write, netns: Netns) -> io::Result<()> {
    let options = Options::new().netns(netns);
    let mut nlctrl = Client::open_with(&options)?;
    // From here on it is a client as any: its socket stays in the namespace.
    let family = nlctrl.getfamily(&Getfamily {
        family_name: Some("nlctrl"),
        ..Getfamily::default()
    })?;
    writeln!(out, "{:?} answers there", family.family_name())
}
