//! An app's function, and the tests of it, for which no module and no right is needed: a fake kernel
//! serves the family, and does wrong when it is told to.

mod store;

use std::error::Error;
use std::io::{self, Write};

use genl_user::Options;
use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Get, Set};
use genl_user::testing::Kernel;
use store::Store;

/// The app: counts how often it ran.
fn count_run(kv: &mut Client) -> Result<u64, genl_user::Error> {
    let before = match kv.get(&Get { key: "runs" }) {
        Ok(entry) => String::from_utf8_lossy(entry.value().unwrap_or_default())
            .parse()
            .unwrap_or(0),
        Err(error) if error.errno() == Some(libc::ENOENT) => 0,
        Err(error) => return Err(error),
    };
    let runs: u64 = before + 1;
    kv.set(&Set {
        key: "runs",
        value: Some(runs.to_string().as_bytes()),
        ..Set::default()
    })?;
    Ok(runs)
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let kernel = Kernel::new();
    kernel.register(Served(Store::default()))?;
    let mut kv = Client::open_with(&Options::new().kernel(&kernel))?;

    writeln!(out, "first run: {:?}", count_run(&mut kv).ok())?;
    writeln!(out, "second run: {:?}", count_run(&mut kv).ok())?;

    let mut fails = |why: &str, kv: &mut Client| match count_run(kv) {
        Ok(runs) => writeln!(out, "{why}: {runs} runs"),
        Err(error) => writeln!(out, "{why}: {error}"),
    };
    kernel.fail_next(&Client::SET, libc::ENOSPC);
    fails("no room", &mut kv)?;
    kernel.set_admin(false);
    fails("no right", &mut kv)?;
    kernel.unregister("kvstore");
    fails("no module", &mut kv)?;
    Ok(())
}
