//! `genl families`: the families that the running kernel has.

use std::io::Write;
use std::process::ExitCode;

use genl_user::families::nlctrl::{Client, GetfamilyDump};

use crate::Outcome;

/// How often the dump is asked for again if families come and go meanwhile.
const RETRIES: usize = 5;

pub(crate) fn run(out: &mut impl Write) -> Outcome {
    let mut controller = Client::open()?;
    let dump = controller.getfamily_dump(&GetfamilyDump {})?;
    let mut families = dump.consistent(RETRIES)?;
    families.sort_by(|one, other| one.family_name.cmp(&other.family_name));
    writeln!(
        out,
        "{:<16} {:>5} {:>7} {:>10}  groups",
        "family", "id", "version", "operations"
    )?;
    for family in families {
        let groups: Vec<_> = family
            .mcast_groups
            .iter()
            .filter_map(|group| group.name.as_deref())
            .collect();
        let line = format!(
            "{:<16} {:>5} {:>7} {:>10}  {}",
            family.family_name.unwrap_or_default(),
            family.family_id.unwrap_or_default(),
            family.version.unwrap_or_default(),
            family.ops.len(),
            groups.join(" ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
