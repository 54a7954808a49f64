//! What an error tells, to people and to programs.

use std::error::Error;
use std::io::{self, Write};

use genl_user::Limits;
use genl_user::families::nlctrl::{Client, Getfamily};

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout())
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut nlctrl = Client::open()?;
    let request = Getfamily {
        family_name: Some("much-too-long-a-name"),
        ..Getfamily::default()
    };
    let Err(error) = nlctrl.getfamily(&request) else {
        return Err("no name of a family is that long".into());
    };
    // All of it in a line.
    writeln!(out, "{error}")?;
    if let genl_user::Error::Refused(refused) = &error {
        writeln!(out, "errno:     {}", refused.errno)?;
        writeln!(out, "kind:      {:?}", refused.kind())?;
        let message = refused.message.as_deref();
        writeln!(out, "message:   {}", message.unwrap_or("(none)"))?;
        let attribute = refused.attribute.as_deref();
        writeln!(out, "attribute: {}", attribute.unwrap_or("(none)"))?;
        if let Some(value) = &refused.value {
            writeln!(out, "value:     {value}")?;
        }
        if let Some(policy) = &refused.policy {
            writeln!(out, "takes:     {}", Limits(policy))?;
        }
        let missing = refused.missing.as_deref();
        writeln!(out, "missing:   {}", missing.unwrap_or("(none)"))?;
    }
    // It is an `io::Error` too, for who passes it on as one.
    let error = io::Error::from(error);
    writeln!(out, "as std's:  {:?}", error.kind())?;
    Ok(())
}
