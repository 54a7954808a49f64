//! `genl policy FAMILY`: what the kernel asks of each attribute, by what it says itself.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use genl_user::Error;
use genl_user::families::nlctrl::{
    Client, GetpolicyDump, GetpolicyDumpReply, OpPolicyOwned, PolicyOwned,
};

use crate::Outcome;

/// A family's policies, as the pieces of the dump add up.
#[derive(Default)]
struct Policies {
    /// Which policies each operation has, by command.
    operations: BTreeMap<u16, OpPolicyOwned>,
    /// What is asked of each attribute, by policy and attribute number.
    attributes: BTreeMap<(u16, u16), PolicyOwned>,
}

pub(crate) fn run(out: &mut impl Write, family: &str) -> Outcome {
    let policies = fetch(family)?;
    if policies.operations.is_empty() {
        writeln!(out, "{family} has no policy at all")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "{:>9} {:>9} {:>11}",
        "operation", "do policy", "dump policy"
    )?;
    let index = |index: Option<u32>| index.map_or("-".into(), |index| index.to_string());
    for (command, policy) in &policies.operations {
        let (do_, dump) = (index(policy.do_), index(policy.dump));
        writeln!(out, "{command:>9} {do_:>9} {dump:>11}")?;
    }
    writeln!(
        out,
        "\n{:>6} {:>9} {:<11} limits",
        "policy", "attribute", "type"
    )?;
    for ((policy, attribute), asks) in &policies.attributes {
        let kind = asks
            .type_
            .map(|kind| format!("{kind:?}"))
            .unwrap_or_default();
        let line = format!("{policy:>6} {attribute:>9} {kind:<11} {}", limits(asks));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch(family: &str) -> Result<Policies, Error> {
    let mut controller = Client::open()?;
    let request = GetpolicyDump {
        family_name: Some(family),
        ..GetpolicyDump::default()
    };
    let mut policies = Policies::default();
    let mut dump = match controller.getpolicy_dump(&request) {
        Err(error) if error.errno() == Some(libc::ENOENT) => {
            return Err(Error::UnknownFamily {
                name: family.to_owned(),
            });
        }
        // The kernel's way to say that there is nothing to dump.
        Err(error) if error.errno() == Some(libc::ENODATA) => return Ok(policies),
        other => other?,
    };
    while let Some(piece) = dump.next()? {
        policies.add(&piece);
    }
    Ok(policies)
}

impl Policies {
    fn add(&mut self, piece: &GetpolicyDumpReply<'_>) {
        for (command, policy) in piece.op_policy() {
            self.operations.insert(command, policy.to_owned());
        }
        for (policy, attributes) in piece.policy() {
            for (attribute, asks) in attributes {
                self.attributes.insert((policy, attribute), asks.to_owned());
            }
        }
    }
}

/// What is asked beside the type, in words.
fn limits(asks: &PolicyOwned) -> String {
    let mut words = Vec::new();
    let signed = asks.min_value_s.zip(asks.max_value_s);
    let unsigned = asks.min_value_u.zip(asks.max_value_u);
    words.extend(signed.map(|(least, most)| format!("{least} to {most}")));
    words.extend(unsigned.map(|(least, most)| match most {
        u64::MAX => format!("from {least}"),
        _ => format!("{least} to {most}"),
    }));
    words.extend(
        asks.min_length
            .map(|least| format!("at least {least} bytes")),
    );
    words.extend(asks.max_length.map(|most| format!("at most {most} bytes")));
    words.extend(asks.mask.map(|mask| format!("bits {mask:#x}")));
    words.extend(asks.bitfield32_mask.map(|mask| format!("bits {mask:#x}")));
    words.extend(
        asks.policy_idx
            .map(|index| format!("inside: policy {index}")),
    );
    words.join(", ")
}
