//! Makes the tables of the test `typed`: random messages of every family, each as an expression of
//! its generated type and as bytes.

#[path = "literal.rs"]
mod literal;

use genl_schema::model::{Direction, Family};
use literal::Form;

use crate::messages::parse::{self, Reader};
use crate::messages::quirk::Quirk;
use crate::messages::sample::{Generator, Way};

/// The functions `requests` and `replies`, which hand each message to `request` or `reply`; and how
/// many they are.
pub(crate) fn tables(families: &[Family]) -> String {
    let [requests, replies] = [Form::Request, Form::Owned].map(|form| table(families, form));
    format!("{requests}\n{replies}")
}

fn table(families: &[Family], form: Form) -> String {
    let (name, count) = match form {
        Form::Request => ("requests", "REQUESTS"),
        Form::Owned => ("replies", "REPLIES"),
    };
    let (mut calls, mut functions, mut checked) = (String::new(), String::new(), 0);
    for family in families {
        let module = family.name.snake();
        calls.push_str(&format!("    {module}_{name}();\n"));
        let checks = checks(family, &module, form);
        checked += checks.len();
        functions.push_str(&format!(
            "fn {module}_{name}() {{\n{}}}\n\n",
            checks.concat()
        ));
    }
    format!(
        "pub(super) const {count}: usize = {checked};\n\n\
         pub(super) fn {name}() {{\n{calls}}}\n\n{functions}"
    )
}

fn checks(family: &Family, module: &str, form: Form) -> Vec<String> {
    let (direction, way, reader, check) = match form {
        Form::Request => (Direction::Request, Way::Request, Reader::Kernel, "request"),
        Form::Owned => (Direction::FromKernel, Way::Answer, Reader::Client, "reply"),
    };
    let quirks: &[Quirk] = match form {
        Form::Request => &Quirk::SENT,
        Form::Owned => &Quirk::RECEIVED,
    };
    let mut generator = Generator::new(family, way);
    generator.typed = true;
    let messages = family.messages().map(|(_, message)| message);
    let messages = messages.filter(|message| message.direction == direction);
    let mut checks = Vec::new();
    for (message, quirk) in messages.zip(quirks.iter().cycle()) {
        for (round, quirk) in [None, None, Some(*quirk)].into_iter().enumerate() {
            let title = format!("{module} {} #{round}", message.name);
            let sample = generator.message(message, &title, false, quirk);
            let parsed = parse::message(family, message, &sample.bytes, reader);
            let parsed = parsed.unwrap_or_else(|fault| panic!("{title}: {fault}"));
            let value = literal::message(family, module, form, message, &parsed);
            let bytes = literal::bytes_literal(&sample.bytes);
            checks.push(format!("    {check}({title:?}, &{value}, {bytes});\n"));
        }
    }
    checks
}
