//! Events in a task of tokio's, until there is something else to do: `listen_async 10` prints what
//! changes in the kernel's key/value store within ten seconds.

use std::io::{self, Write};
use std::time::Duration;

use genl_user::families::kvstore::{AsyncEvents, Event, Group};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args()
        .nth(1)
        .map_or(Ok(10), |count| count.parse())?;
    let end = tokio::time::sleep(Duration::from_secs(seconds));
    Ok(listen(&mut io::stdout(), end).await?)
}

/// Prints changes until `end` is done.
pub(crate) async fn listen(out: &mut impl Write, end: impl Future<Output = ()>) -> io::Result<()> {
    let mut changes = AsyncEvents::open(&[Group::Changes]).await?;
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
