//! Two threads of one program, talking through the kernel: what one broadcasts to nltest's group
//! "chat", the other one hears.
//!
//! Lines come from the standard input: `echo hello | chat`.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use genl_user::Error;
use genl_user::families::nltest::{Broadcast, Client, Event, Events, Group};

/// How long the listener waits for what is still on its way when all is said.
const PATIENCE: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Joined before anybody speaks, so that nothing is missed.
    let events = Events::open(&[Group::Chat])?;
    let (all_said, is_all_said) = mpsc::channel();
    let listener = thread::spawn(move || listen(events, &is_all_said));
    speak()?;
    drop(all_said);
    listener.join().expect("the listener does not panic")?;
    Ok(())
}

/// Broadcasts each line of the standard input.
fn speak() -> Result<(), Box<dyn std::error::Error>> {
    let mut client = Client::open()?;
    for line in io::stdin().lines() {
        let text = &line?;
        client.broadcast(&Broadcast {
            text,
            audience: None,
        })?;
    }
    Ok(())
}

/// Prints each message, until all is said and nothing comes any more.
fn listen(mut events: Events, all_said: &mpsc::Receiver<()>) -> Result<(), Error> {
    loop {
        match events.next_timeout(PATIENCE)? {
            Some(Event::Message(message)) => {
                let from = message.portid().map(|port| format!("port {port}"));
                let from = from.as_deref().unwrap_or("the kernel");
                println!("{from}: {}", message.text().unwrap_or_default());
            }
            Some(Event::Overrun | Event::Reloaded) => println!("(some messages were lost)"),
            Some(Event::Unknown(notice)) => println!("({notice:?})"),
            None => {
                if all_said.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
                    return Ok(());
                }
            }
        }
    }
}
