//! Has the kernel greet the guest named by the first argument, and hears of it as everybody may.

use genl_user::Error;
use genl_user::families::@MODULE@::{Client, Event, Events, Greet, Group};

fn main() -> Result<(), Error> {
    let name = std::env::args().nth(1).unwrap_or("world".to_owned());

    // Joined before the call, so that nothing is missed.
    let mut events = Events::open(&[Group::Guests])?;

    let mut client = Client::open()?;
    let reply = client.greet(&Greet { name: &name })?;
    println!("greeted as number {}", reply.number().unwrap_or_default());

    match events.next()? {
        Event::Greeted(guest) => println!("heard of {}", guest.name().unwrap_or_default()),
        Event::Overrun | Event::Reloaded => println!("events were lost"),
        Event::Unknown(notice) => println!("not in the spec: {notice:?}"),
    }
    Ok(())
}
