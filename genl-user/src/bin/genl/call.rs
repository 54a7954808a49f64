//! `genl do`, `dump` and `multi`: operations of any family, by its spec.

use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;

use clap::Args;
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::dynamic::{self, Client, Mode, Replies, Request, Target};

use crate::assign::assign;
use crate::output::Output;
use crate::source::Source;
use crate::{Outcome, warn};

/// One operation and what is sent to it.
#[derive(Args)]
pub(crate) struct Call {
    /// The operation's name in the spec
    #[arg(value_name = "OP")]
    operation: String,
    // No comment of documentation, where brackets are links.
    #[arg(
        value_name = "NAME=VALUE",
        help = "Attributes: flags by name alone; dots lead into nests (header.dev-name=eth0); a name given \
            again adds to a list, and so does one with the next number (nests.id=1 nests[1].id=2); a list \
            may be JSON (names='[\"a\", \"b\"]')"
    )]
    assignments: Vec<String>,
    /// Attributes as a JSON object; - reads it from stdin, @FILE from a file
    #[arg(long, value_name = "JSON")]
    json: Option<String>,
}

/// Several operations.
#[derive(Args)]
pub(crate) struct Multi {
    /// An operation, and its attributes as a JSON object; as often as you like
    #[arg(long = "do", num_args = 2, value_names = ["OP", "JSON"], required = true)]
    requests: Vec<String>,
    #[command(flatten)]
    flags: Flags,
}

/// Message flags beside those that every request has; few generic netlink families look at them.
#[derive(Args)]
pub(crate) struct Flags {
    /// Set NLM_F_REPLACE: change what is there already
    #[arg(long, help_heading = "Message flags")]
    replace: bool,
    /// Set NLM_F_EXCL: fail if it is there already
    // The bits of both together are those of a dump.
    #[arg(long, conflicts_with = "replace", help_heading = "Message flags")]
    excl: bool,
    /// Set NLM_F_CREATE: make it if it is not there
    #[arg(long, help_heading = "Message flags")]
    create: bool,
    /// Set NLM_F_APPEND: add it to the end of a list
    #[arg(long, help_heading = "Message flags")]
    append: bool,
}

/// Times that a dump is begun anew if what it lists changes meanwhile.
const RETRIES: usize = 5;

pub(crate) fn run_do(out: &mut Output, source: &Source, call: &Call, flags: &Flags) -> Outcome {
    let mut client = source.client()?;
    let request = Request {
        flags: flags.bits(),
        ..call.request(&client, Mode::Do)?
    };
    let replies = client.call(&request)?;
    pass_on_warnings(&mut client);
    match out.json {
        true => out.json_line(&as_pyynl(replies))?,
        false => print_all(out, &replies)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_dump(out: &mut Output, source: &Source, call: &Call) -> Outcome {
    let mut client = source.client()?;
    let request = call.request(&client, Mode::Dump)?;
    let mut retries = 0..RETRIES;
    // All at once, and not as they come: of a dump that was disturbed nothing should be seen that
    // the next attempt does not confirm.
    let (items, end) = loop {
        let mut items = Vec::new();
        let end = client.dump(&request)?.try_for_each(|item| {
            items.push(item?);
            Ok(())
        });
        let interrupted = matches!(end, Err(dynamic::Error::DumpInterrupted { .. }));
        if !interrupted || retries.next().is_none() {
            break (items, end);
        }
    };
    pass_on_warnings(&mut client);
    // An empty list would be an answer, which a refusal is not.
    let end = match end {
        Err(error) if items.is_empty() => return Err(error.into()),
        end => end,
    };
    match out.json {
        true => {
            let items = items.into_iter().map(Value::Object);
            out.json_line(&Value::Array(items.collect()))?;
        }
        false => print_all(out, &items)?,
    }
    end?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_multi(out: &mut Output, source: &Source, multi: &Multi) -> Outcome {
    let mut client = source.client()?;
    let flags = multi.flags.bits();
    let requests = multi.requests.chunks_exact(2).map(|pair| {
        let values = object(&pair[1]).map_err(|said| format!("{}: {said}", pair[0]))?;
        Ok(Request {
            flags,
            ..Request::new(&pair[0], values)
        })
    });
    let requests = requests.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let answers = client.multi(&requests)?;
    pass_on_warnings(&mut client);
    let failed = answers.iter().any(Result::is_err);
    let mut all = Vec::new();
    for (request, answer) in requests.iter().zip(answers) {
        if !out.json {
            let heading = out.style.heading(&request.operation);
            writeln!(out, "{heading}")?;
        }
        match answer {
            Ok(replies) if out.json => all.push(as_pyynl(replies)),
            Ok(replies) => {
                for reply in replies {
                    out.object(&reply, 2)?;
                }
            }
            Err(error) => {
                // The lines before it belong above it, where both go to the same terminal.
                out.flush()?;
                warn("error", &error);
                all.push(refusal(&error));
            }
        }
    }
    if out.json {
        out.json_line(&Value::Array(all))?;
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

impl Call {
    fn request(&self, client: &Client, mode: Mode) -> Result<Request, Box<dyn Error>> {
        let family = client.family();
        let target = Target::find(family, &self.operation, mode)?;
        let mut values = match &self.json {
            Some(json) => object(json)?,
            None => Map::new(),
        };
        for assignment in &self.assignments {
            assign(family, target.request, &mut values, assignment)?;
        }
        Ok(Request::new(&self.operation, values))
    }
}

impl Flags {
    fn bits(&self) -> u16 {
        [
            (self.replace, libc::NLM_F_REPLACE),
            (self.excl, libc::NLM_F_EXCL),
            (self.create, libc::NLM_F_CREATE),
            (self.append, libc::NLM_F_APPEND),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(0, |bits, (_, bit)| bits | bit as u16)
    }
}

/// A JSON object: the text itself, or from stdin, or from a file.
fn object(text: &str) -> Result<Map<String, Value>, Box<dyn Error>> {
    let (from, text) = match text.strip_prefix('@') {
        None if text == "-" => {
            let mut input = String::new();
            let read = std::io::stdin().read_to_string(&mut input);
            read.map_err(|error| format!("cannot read JSON from stdin: {error}"))?;
            ("stdin".to_owned(), input)
        }
        None => ("the JSON".to_owned(), text.to_owned()),
        Some(file) => {
            let read = std::fs::read_to_string(file);
            let text = read.map_err(|error| format!("cannot read {file}: {error}"))?;
            (file.to_owned(), text)
        }
    };
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    crate::json::parse(&text)
        .map_err(|said| format!("{from} is not what it should be: {said}").into())
}

/// The shape of YNL's tool: nothing, one object, or a list of them.
fn as_pyynl(replies: Replies) -> Value {
    let mut replies: Vec<_> = replies.into_iter().map(Value::Object).collect();
    match replies.len() {
        0 => Value::Null,
        1 => replies.remove(0),
        _ => Value::Array(replies),
    }
}

/// A request that failed, among others that did not.
fn refusal(error: &dynamic::Error) -> Value {
    match error.refused() {
        Some(refused) => json!({"error": {
            "errno": refused.errno,
            "msg": refused.message,
            "bad-attr": refused.attribute,
            "miss-type": refused.missing,
        }}),
        None => json!({"error": {"msg": error.to_string()}}),
    }
}

/// Shows what the kernel said though it did as it was told.
fn pass_on_warnings(client: &mut Client) {
    for said in client.take_warnings() {
        warn("warning", &format!("{}: {}", said.operation, said.message));
    }
}

fn print_all(out: &mut Output, messages: &[Map<String, Value>]) -> std::io::Result<()> {
    for (at, message) in messages.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        out.object(message, 0)?;
    }
    Ok(())
}
