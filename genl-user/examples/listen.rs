//! Kernel to user: events as they come. `listen 10` prints ten changes of what families the kernel has;
//! `modprobe` brings some.

use std::error::Error;
use std::io::{self, Write};

use genl_user::Options;
use genl_user::families::nlctrl::{Event, Events, Group};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or("10".into());
    let count = count.parse().map_err(|_| "say how many events")?;
    run(&mut io::stdout(), &Options::new(), count, || ())
}

/// Prints so many events; `meanwhile` is called when they are heard.
pub(crate) fn run(
    out: &mut impl Write,
    options: &Options,
    count: usize,
    meanwhile: impl FnOnce(),
) -> Result<(), Box<dyn Error>> {
    // `Events::open(&[Group::Notify])` in short. What happens from here on is heard.
    let mut events = Events::open_with(options, &[Group::Notify])?;
    meanwhile();
    for _ in 0..count {
        // Waits as long as it takes; `next_timeout` does not.
        match events.next()? {
            Event::Newfamily(family) => writeln!(out, "came: {:?}", family.family_name())?,
            Event::Delfamily(family) => writeln!(out, "gone: {:?}", family.family_name())?,
            Event::Overrun => writeln!(out, "some were lost, as they were not read in time")?,
            other => writeln!(out, "{other:?}")?,
        }
    }
    Ok(())
}
