//! Events in a task of tokio's, until there is something else to do: `listen_async 10` prints what
//! changes in the kernel's key/value store within ten seconds.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use genl_user::Options;
use genl_user::families::kvstore::{AsyncEvents, Event, Group};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).unwrap_or("10".into());
    let seconds = seconds.parse().map_err(|_| "say how many seconds")?;
    let end = tokio::time::sleep(Duration::from_secs(seconds));
    run(&mut io::stdout(), &Options::new(), end).await
}

/// Prints changes until `end` is done.
pub(crate) async fn run(
    out: &mut impl Write,
    options: &Options,
    end: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let mut changes = AsyncEvents::open_with(options, &[Group::Changes]).await?;
    let mut end = std::pin::pin!(end);
    loop {
        // To drop the future of an event loses none.
        tokio::select! {
            () = &mut end => return Ok(()),
            event = changes.next() => match event? {
                Event::SetNtf(entry) => writeln!(out, "set {:?}", entry.key())?,
                Event::DelNtf(gone) => writeln!(out, "deleted {:?}", gone.key())?,
                other => writeln!(out, "{other:?}")?,
            },
        }
    }
}
