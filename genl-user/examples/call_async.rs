//! Calls in tasks of tokio's, each with a client of its own: `call_async nlctrl ethtool`.

use std::error::Error;
use std::io::{self, Write};

use genl_user::families::nlctrl::{AsyncClient, Getfamily};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let names: Vec<_> = std::env::args().skip(1).collect();
    if names.is_empty() {
        return Err("say names of families".into());
    }
    run(&mut io::stdout(), names).await
}

pub(crate) async fn run(out: &mut impl Write, names: Vec<String>) -> Result<(), Box<dyn Error>> {
    let tasks: Vec<_> = names
        .into_iter()
        .map(|name| tokio::spawn(async { (id_of(&name).await, name) }))
        .collect();
    for task in tasks {
        match task.await? {
            (Ok(id), name) => writeln!(out, "{name} has id {id}")?,
            (Err(error), name) => writeln!(out, "{name}: {error}")?,
        }
    }
    Ok(())
}

async fn id_of(name: &str) -> Result<u16, genl_user::Error> {
    let mut nlctrl = AsyncClient::open().await?;
    let request = Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    };
    // To drop this future, as a `select!` may, leaves the client as good as new.
    let family = nlctrl.getfamily(&request).await?;
    Ok(family.family_id().unwrap_or_default())
}
