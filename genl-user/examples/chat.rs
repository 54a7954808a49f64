//! Two threads of one program, talking through the kernel: what one broadcasts to nltest's group
//! "chat", the other one hears.
//!
//! Lines come from the standard input: `echo hello | chat`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use genl_user::Options;
use genl_user::families::nltest::{Broadcast, Client, Event, Events, Group};

/// How long the listener waits for what is still on its way when all is said.
const PATIENCE: Duration = Duration::from_millis(200);

/// An error may come from the other thread.
type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    run(&mut io::stdout(), &Options::new(), io::stdin().lines())
}

pub(crate) fn run(
    out: &mut (impl Write + Send),
    options: &Options,
    lines: impl Iterator<Item = io::Result<String>>,
) -> Outcome {
    // Joined before anybody speaks, so that nothing is missed.
    let events = Events::open_with(options, &[Group::Chat])?;
    let (all_said, is_all_said) = mpsc::channel();
    thread::scope(|scope| {
        let listener = scope.spawn(move || listen(out, events, &is_all_said));
        let spoken = speak(options, lines);
        drop(all_said);
        listener.join().expect("the listener does not panic")?;
        spoken
    })
}

/// Broadcasts each line.
fn speak(options: &Options, lines: impl Iterator<Item = io::Result<String>>) -> Outcome {
    let mut client = Client::open_with(options)?;
    for line in lines {
        let text = &line?;
        client.broadcast(&Broadcast {
            text,
            audience: None,
        })?;
    }
    Ok(())
}

/// Prints each message, until all is said and nothing comes any more.
fn listen(out: &mut impl Write, mut events: Events, all_said: &mpsc::Receiver<()>) -> Outcome {
    loop {
        match events.next_timeout(PATIENCE)? {
            Some(Event::Message(message)) => {
                let from = message.portid().map(|port| format!("port {port}"));
                let from = from.as_deref().unwrap_or("the kernel");
                writeln!(out, "{from}: {}", message.text().unwrap_or_default())?;
            }
            Some(Event::Overrun | Event::Reloaded) => writeln!(out, "(some messages were lost)")?,
            Some(Event::Unknown(notice)) => writeln!(out, "({notice:?})")?,
            None => {
                if all_said.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
                    return Ok(());
                }
            }
        }
    }
}
