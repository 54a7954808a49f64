//! Two processes that speak the family "kvstore" with each other: one serves it, the other one is its
//! client, and the kernel knows nothing of it.
//!
//! `shared_store serve` prints its port; with that, `shared_store PORT set host example`,
//! `… get host`, `… list` and `… watch` are clients. To `watch` takes CAP_NET_ADMIN.

mod store;

use std::error::Error;
use std::io::Write;

use genl_user::Options;
use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Event, Events, Get, GetDump, Group, Set};
use genl_user::server::Server;
use store::Store;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => serve(),
        [port, ref call @ ..] => ask(&Options::new().peer(port.parse()?), call),
        _ => Err("say `serve`, or a port and a call".into()),
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let mut server = Server::bind()?;
    server.register(Served(Store::default()))?;
    // Whoever runs this wants it to be written to, by anyone.
    server.allow_admin(|_| true);
    println!("{}", server.port());
    std::io::stdout().flush()?;
    Ok(server.serve()?)
}

fn ask(options: &Options, call: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut kv = Client::open_with(options)?;
    match *call {
        ["set", key, value] => {
            let entry = Set {
                key,
                value: Some(value.as_bytes()),
                ..Set::default()
            };
            kv.set(&entry)?;
        }
        ["get", key] => {
            let entry = kv.get(&Get { key })?;
            println!("{}", text(entry.value()));
        }
        ["list"] => {
            let mut entries = kv.get_dump(&GetDump::default())?;
            while let Some(entry) = entries.next()? {
                println!(
                    "{}: {}",
                    entry.key().unwrap_or_default(),
                    text(entry.value())
                );
            }
        }
        ["watch"] => {
            let mut changes = Events::open_with(options, &[Group::Changes])?;
            println!("watching");
            std::io::stdout().flush()?;
            if let Event::SetNtf(entry) = changes.next()? {
                println!("{} is set", entry.key().unwrap_or_default());
            }
        }
        _ => return Err("the calls are `set`, `get`, `list` and `watch`".into()),
    }
    Ok(())
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}
