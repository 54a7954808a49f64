//! Threads that call at the same time, each with a client of a pool's while it calls.

use std::error::Error;
use std::io::{self, Write};
use std::thread;

use genl_user::Pool;
use genl_user::families::nlctrl::{Client, Getfamily};

/// A client is opened when none is idle, and stays for the next caller.
static CONTROLLERS: Pool<Client> = Pool::new(Client::open);

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let counts = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask_often)).collect();
        let counts = threads.into_iter().map(|thread| thread.join());
        counts
            .map(|count| count.expect("it does not panic"))
            .collect::<Result<Vec<_>, _>>()
    })?;
    writeln!(out, "{} calls", counts.iter().sum::<usize>())?;
    writeln!(out, "of 4 clients at most: {}", CONTROLLERS.idle() <= 4)?;
    Ok(())
}

fn ask_often() -> Result<usize, genl_user::Error> {
    let request = Getfamily {
        family_name: Some("nlctrl"),
        ..Getfamily::default()
    };
    for _ in 0..100 {
        CONTROLLERS.get()?.getfamily(&request)?;
    }
    Ok(100)
}
