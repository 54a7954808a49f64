//! A client in another network namespace: `netns blue`, `netns /proc/4711/ns/net`, or `netns 7`, by the
//! number that `ip netns list-id` shows. It takes CAP_SYS_ADMIN; the calling thread stays where it is.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nlctrl::{Client, Getfamily};
use genl_user::{Netns, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args().nth(1);
    let place = place.ok_or("say a name, a path, or a number")?;
    let netns = match place.parse() {
        Ok(number) => Netns::numbered(number),
        Err(_) if place.contains('/') => Netns::path(place),
        Err(_) => Netns::named(&place),
    };
    run(&mut io::stdout(), netns)
}

pub(crate) fn run(out: &mut impl Write, netns: Netns) -> Result<(), Box<dyn Error>> {
    let options = Options::new().netns(netns);
    let mut nlctrl = Client::open_with(&options)?;
    // From here on it is a client as any: its socket stays in the namespace.
    let family = nlctrl.getfamily(&Getfamily {
        family_name: Some("nlctrl"),
        ..Getfamily::default()
    })?;
    writeln!(out, "{:?} answers there", family.family_name())?;
    Ok(())
}
