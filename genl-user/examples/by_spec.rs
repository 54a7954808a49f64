//! A call of a family by its spec, read at run time: `by_spec ethtool.yaml features-get '{"header":
//! {"dev-name": "eth0"}}'`. The tool `genl` does this, and more.

use std::error::Error;
use std::io::{self, Write};

use genl_user::dynamic::{Client, Request, genl_schema, serde_json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [spec, operation, values] => run(&mut io::stdout(), spec, operation, values),
        [spec, operation] => run(&mut io::stdout(), spec, operation, "{}"),
        _ => Err("say a spec, an operation, and its values".into()),
    }
}

pub(crate) fn run(
    out: &mut impl Write,
    spec: &str,
    operation: &str,
    values: &str,
) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(spec).map_err(|error| format!("{spec}: {error}"))?;
    let family = genl_schema::compile(spec, &text)?;
    let mut client = Client::open(family)?;
    let request = Request::new(operation, serde_json::from_str(values)?);
    for reply in client.call(&request)? {
        writeln!(out, "{}", serde_json::Value::from(reply))?;
    }
    Ok(())
}
