//! `genl ops`: what a spec lets one call, and what to say.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use genl_user::Limits;
use genl_user::dynamic::NoSuch;
use genl_user::dynamic::genl_schema::model::{
    Attr, AttrKind, Call, EnumId, Event, Family, Holds, Int, Message, Op, Permission, SetId,
};
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::families::nlctrl::PolicyOwned;

use crate::Outcome;
use crate::asked::as_policy;
use crate::output::{Output, printable};
use crate::policies::properties;
use crate::source::Source;

/// Columns of text that are filled.
const WIDTH: usize = 80;

/// What is shown.
#[derive(Args)]
pub(crate) struct Options {
    /// Show this operation's or event's attributes
    #[arg(value_name = "OP")]
    name: Option<String>,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let family = source.load()?;
    match &options.name {
        None if out.json => out.json_line(&list(&family))?,
        None => print_list(out, &family)?,
        Some(name) => one(out, &family, name)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn modes(op: &Op) -> Vec<&'static str> {
    let modes = [("do", &op.do_), ("dump", &op.dump)];
    let present = modes.into_iter().filter(|(_, call)| call.is_some());
    present.map(|(mode, _)| mode).collect()
}

fn permission(permission: Permission) -> Option<&'static str> {
    match permission {
        Permission::Anyone => None,
        Permission::Admin => Some("admin-perm"),
        Permission::NetnsAdmin => Some("uns-admin-perm"),
        Permission::NetnsSysAdmin => Some("x-cap: sys-admin"),
    }
}

fn group<'f>(family: &'f Family, event: &Event) -> Option<&'f str> {
    event.group.map(|id| family[id].name.as_str())
}

fn list(family: &Family) -> Value {
    let ops = family.ops.iter().map(|op| {
        json!({
            "name": op.name.as_str(), "value": op.cmd, "modes": modes(op),
            "flags": permission(op.permission).into_iter().collect::<Vec<_>>(),
        })
    });
    let events = family.events.iter().map(|event| {
        json!({
            "name": event.name.as_str(), "value": event.cmd, "modes": ["event"],
            "mcgrp": group(family, event),
        })
    });
    ops.chain(events).collect()
}

fn print_list(out: &mut Output, family: &Family) -> io::Result<()> {
    let ops = family.ops.iter().map(|op| {
        let words = modes(op).into_iter().chain(permission(op.permission));
        let words: Vec<_> = words.collect();
        (op.name.as_str(), words.join(" "), op.doc.as_str())
    });
    let events = family.events.iter().map(|event| {
        let to = group(family, event).map_or(String::new(), |group| format!(" {group}"));
        (
            event.name.as_str(),
            format!("event{to}"),
            event.doc.as_str(),
        )
    });
    let rows: Vec<_> = ops.chain(events).collect();
    let width = |of: fn(&(&str, String, &str)) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (names, words) = (width(|row| row.0.len()), width(|row| row.1.len()));
    for (name, how, doc) in &rows {
        let gap = names - name.len();
        let rest = format!("{how:<words$}  {}", brief(doc));
        let name = out.style.name(name);
        writeln!(out, "{name}{:gap$}  {}", "", rest.trim_end())?;
    }
    Ok(())
}

fn one(out: &mut Output, family: &Family, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(op) = family.ops.iter().find(|op| op.name.as_str() == name) {
        if out.json {
            out.json_line(&describe(family, op))?;
            return Ok(());
        }
        heading(out, name, &op.doc)?;
        let reply = |call: &Option<Call>| call.as_ref()?.reply.map(|reply| reply.message);
        let shared = reply(&op.do_) == reply(&op.dump);
        for (mode, call) in [("do", &op.do_), ("dump", &op.dump)] {
            let Some(call) = call else { continue };
            let heading = format!("{mode} request");
            message(out, family, &heading, &family[call.request])?;
            let Some(reply) = call.reply else { continue };
            let heading = match (shared, mode) {
                (false, _) => format!("{mode} reply"),
                // Shown once, behind both.
                (true, "do") => continue,
                (true, _) => "do and dump reply".into(),
            };
            message(out, family, &heading, &family[reply.message])?;
        }
        return Ok(());
    }
    if let Some(event) = family
        .events
        .iter()
        .find(|event| event.name.as_str() == name)
    {
        if out.json {
            let fields = fields(family, &family[event.message]);
            out.json_line(&json!({"name": name, "event": fields}))?;
            return Ok(());
        }
        heading(out, name, &event.doc)?;
        return Ok(message(out, family, "event", &family[event.message])?);
    }
    let ops = family.ops.iter().map(|op| op.name.to_string());
    let events = family.events.iter().map(|event| event.name.to_string());
    Err(NoSuch {
        family: family.name.to_string(),
        what: "operation or event",
        name: name.to_owned(),
        known: ops.chain(events).collect(),
        instead: None,
    }
    .into())
}

fn heading(out: &mut Output, name: &str, doc: &str) -> io::Result<()> {
    let name = out.style.heading(name);
    writeln!(out, "{name}")?;
    for line in doc.lines() {
        writeln!(out, "  {}", printable(line))?;
    }
    Ok(())
}

fn message(out: &mut Output, family: &Family, what: &str, message: &Message) -> io::Result<()> {
    let heading = out.style.heading(what);
    writeln!(out, "\n{heading}")?;
    if message.fields.is_empty() && message.header.is_none() {
        return writeln!(out, "  (nothing)");
    }
    if let Some(header) = message.header {
        for member in &family[header].members {
            let name = out.style.name(&member.name);
            writeln!(out, "  {name}: in the fixed header")?;
        }
    }
    for field in &message.fields {
        let attr = family.attr(message, field);
        let required = if field.required { ", required" } else { "" };
        attribute(
            out,
            family,
            attr,
            required,
            2,
            &mut BTreeSet::from([message.set]),
        )?;
    }
    Ok(())
}

fn attribute(
    out: &mut Output,
    family: &Family,
    attr: &Attr,
    more: &str,
    indent: usize,
    above: &mut BTreeSet<SetId>,
) -> io::Result<()> {
    let name = out.style.name(&attr.name);
    let many = match (attr.multi, attr.max_count) {
        (true, Some(most)) => format!(", at most {most} of them"),
        (true, None) => ", any number of them".to_owned(),
        (false, _) => String::new(),
    };
    let limits = limits(&attr.kind).map_or(Vec::new(), |asked| Limits(&asked).limits());
    let limits: String = limits.iter().map(|limit| format!(", {limit}")).collect();
    let kind = kind(family, &attr.kind);
    let doc = brief(&attr.doc);
    let doc = if doc.is_empty() {
        doc
    } else {
        format!(" -- {doc}")
    };
    writeln!(out, "{:indent$}{name}: {kind}{limits}{many}{more}{doc}", "")?;
    if let Some(id) = names(&attr.kind) {
        let entries = family[id].entries.iter();
        let entries: Vec<_> = entries.map(|entry| entry.name.as_str()).collect();
        wrapped(out, &entries, indent + 4)?;
    }
    // A set that stands within itself is shown once.
    if let Some(set) = attr.kind.inside()
        && above.insert(set)
    {
        for inner in &family[set].attrs {
            if !matches!(inner.kind, AttrKind::Pad | AttrKind::Unused) {
                attribute(out, family, inner, "", indent + 4, above)?;
            }
        }
        above.remove(&set);
    }
    Ok(())
}

fn kind(family: &Family, kind: &AttrKind) -> String {
    match kind {
        AttrKind::Pad => "pad".into(),
        AttrKind::Unused => "unused".into(),
        AttrKind::Flag => "flag".into(),
        AttrKind::Int(int) => integer(family, int),
        AttrKind::String(_) => "string".into(),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => "bytes".into(),
            Holds::Struct(id) => {
                let members = family[*id].members.iter();
                let names: Vec<_> = members.map(|member| member.name.as_str()).collect();
                format!("struct of {}", names.join(", "))
            }
            Holds::Array(int) => format!("array of {}", integer(family, int)),
        },
        AttrKind::Bitfield32(bitfield) => match bitfield.names {
            Some(id) => format!("bitfield32 of {}", family[id].name),
            None => "bitfield32".into(),
        },
        AttrKind::Nest(_) => "nest".into(),
        AttrKind::IndexedArray(element) => format!("list of {}", self::kind(family, element)),
        AttrKind::TypeValue(levels, element) => {
            let names: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
            let element = self::kind(family, element);
            format!("{element} by {}", names.join(" and "))
        }
    }
}

fn integer(family: &Family, int: &Int) -> String {
    let name = int.kind.name();
    match int.names {
        Some(names) if names.as_flags => format!("{name}, flags {}", family[names.id].name),
        Some(names) => format!("{name}, enum {}", family[names.id].name),
        None => name.into(),
    }
}

/// What is asked of a value beside its type, or of each one in a list.
fn limits(kind: &AttrKind) -> Option<PolicyOwned> {
    match kind {
        AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => limits(element),
        // The names of an enum say the same, and more.
        _ if names(kind).is_some() => None,
        _ => Some(as_policy(kind)).filter(|asked| !Limits(asked).limits().is_empty()),
    }
}

/// The enum or flags whose names a value can have.
fn names(kind: &AttrKind) -> Option<EnumId> {
    match kind {
        AttrKind::Int(int) => int.names.map(|names| names.id),
        AttrKind::Bitfield32(bitfield) => bitfield.names,
        AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => names(element),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Array(int) => int.names.map(|names| names.id),
            Holds::Bytes | Holds::Struct(_) => None,
        },
        _ => None,
    }
}

/// Writes names with commas between them, on as many lines as they need.
fn wrapped(out: &mut Output, names: &[&str], indent: usize) -> io::Result<()> {
    let mut column = 0;
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { "," } else { "" };
        if column > 0 && column + name.len() + 2 > WIDTH {
            writeln!(out)?;
            column = 0;
        }
        match column {
            0 => write!(out, "{:indent$}{name}{comma}", "")?,
            _ => write!(out, " {name}{comma}")?,
        }
        column = column.max(indent) + name.len() + 2;
    }
    match names.is_empty() {
        true => Ok(()),
        false => writeln!(out),
    }
}

/// The first sentence of a text, on one line.
fn brief(doc: &str) -> String {
    let words: Vec<_> = doc.split_whitespace().collect();
    let line = words.join(" ");
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    printable(&line[..end])
}

fn describe(family: &Family, op: &Op) -> Value {
    let call = |call: &Option<Call>| {
        call.as_ref().map(|call| {
            json!({
                "request": fields(family, &family[call.request]),
                "reply": call.reply.map(|reply| fields(family, &family[reply.message])),
            })
        })
    };
    json!({
        "name": op.name.as_str(), "value": op.cmd, "doc": op.doc,
        "do": call(&op.do_), "dump": call(&op.dump),
    })
}

fn fields(family: &Family, message: &Message) -> Value {
    let fields = message.fields.iter().map(|field| {
        let attr = family.attr(message, field);
        let mut told = Map::from_iter([
            ("name".into(), attr.name.as_str().into()),
            ("type".into(), kind(family, &attr.kind).into()),
        ]);
        let asked = limits(&attr.kind).map_or(Map::new(), |asked| properties(&asked));
        told.extend(asked.into_iter().filter(|(name, _)| name != "type"));
        told.insert("doc".into(), attr.doc.as_str().into());
        Value::Object(told)
    });
    fields.collect()
}
