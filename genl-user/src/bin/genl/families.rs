//! `genl families`: the families that the running kernel has.

use std::io::Write;
use std::process::ExitCode;

use genl_user::dynamic::serde_json::{Value, json};
use genl_user::families::nlctrl::{GetfamilyDump, GetfamilyReplyOwned};

use crate::Outcome;
use crate::output::Output;
use crate::source::Source;

/// How often the dump is asked for again if families come and go meanwhile.
const RETRIES: usize = 5;

pub(crate) fn run(out: &mut Output, source: &Source) -> Outcome {
    let mut controller = source.controller()?;
    let dump = controller.getfamily_dump(&GetfamilyDump {})?;
    let mut families = dump.consistent(RETRIES)?;
    families.sort_by(|one, other| one.family_name.cmp(&other.family_name));
    if out.json {
        let families = families.iter().map(as_json);
        out.json_line(&Value::Array(families.collect()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let heading = format!(
        "{:<16} {:>5} {:>7} {:>10}  groups",
        "family", "id", "version", "operations"
    );
    writeln!(out, "{}", out.style.heading(heading))?;
    for family in families {
        let name = family.family_name.as_deref().unwrap_or_default();
        let gap = 16usize.saturating_sub(name.len());
        let rest = format!(
            " {:>5} {:>7} {:>10}  {}",
            family.family_id.unwrap_or_default(),
            family.version.unwrap_or_default(),
            family.ops.len(),
            groups(&family).join(" ")
        );
        let name = out.style.name(name);
        writeln!(out, "{name}{:gap$}{}", "", rest.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn groups(family: &GetfamilyReplyOwned) -> Vec<&str> {
    let groups = family.mcast_groups.iter();
    groups.filter_map(|group| group.name.as_deref()).collect()
}

fn as_json(family: &GetfamilyReplyOwned) -> Value {
    json!({
        "family-name": family.family_name,
        "family-id": family.family_id,
        "version": family.version,
        "hdrsize": family.hdrsize,
        "maxattr": family.maxattr,
        "operations": family.ops.len(),
        "mcast-groups": groups(family),
    })
}
