//! `example-house serve` serves the family to other processes and prints its port; with that,
//! `example-house PORT warm kitchen 5` is a client, and `example-house PORT list` an async one.

use std::error::Error;

use example_house::thermo::server::Served;
use example_house::thermo::{AsyncClient, Client, GetDump};
use example_house::{House, warm};
use genl_user::Options;
use genl_user::server::Server;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => serve(),
        [port, "warm", room, by] => {
            // If the kernel served it, this would be `Client::open()`.
            let mut client = Client::open_with(&Options::new().peer(port.parse()?))?;
            println!("{}", warm(&mut client, room, by.parse()?)?);
            Ok(())
        }
        [port, "list"] => list(Options::new().peer(port.parse()?)),
        _ => Err("say `serve`, `PORT warm ROOM TENTHS`, or `PORT list`".into()),
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let mut server = Server::bind()?;
    server.register(Served(House::default()))?;
    println!("{}", server.port());
    Ok(server.serve()?)
}

#[tokio::main(flavor = "current_thread")]
async fn list(options: Options) -> Result<(), Box<dyn Error>> {
    let mut client = AsyncClient::open_with(&options).await?;
    let mut rooms = client.get_dump(&GetDump {}).await?;
    while let Some(room) = rooms.next().await? {
        println!("{room:?}");
    }
    Ok(())
}
