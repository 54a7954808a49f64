//! The policies of a family in the running kernel, and what a spec calls their attributes.

use std::collections::BTreeMap;

use genl_user::Error;
use genl_user::Limits;
use genl_user::dynamic::genl_schema::model::{Attr, Family, SetId};
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::families::nlctrl::{
    Getfamily, GetpolicyDump, GetpolicyDumpReply, OpFlags, OpPolicyOwned, PolicyOwned,
};

use crate::source::Source;

/// A family's policies, as the pieces of the dump add up.
#[derive(Default)]
pub(crate) struct Policies {
    /// Which policies each operation has, by command.
    pub(crate) operations: BTreeMap<u16, OpPolicyOwned>,
    /// What is asked of each attribute, by policy and attribute number.
    pub(crate) attributes: BTreeMap<u16, BTreeMap<u16, PolicyOwned>>,
}

impl Policies {
    /// Asks the kernel, or who else is to be asked.
    pub(crate) fn fetch(source: &Source, family: &str) -> Result<Self, Error> {
        let mut controller = source.controller()?;
        let request = GetpolicyDump {
            family_name: Some(family),
            ..GetpolicyDump::default()
        };
        let mut policies = Self::default();
        let mut dump = match controller.getpolicy_dump(&request) {
            Err(error) if error.errno() == Some(libc::ENOENT) => {
                return Err(source.absent(family));
            }
            // The kernel's way to say that there is nothing to dump.
            Err(error) if error.errno() == Some(libc::ENODATA) => return Ok(policies),
            other => other?,
        };
        // Some kernels give all that have no do the number 0, in the order of their numbers.
        let mut unnumbered = Vec::new();
        while let Some(piece) = dump.next()? {
            policies.add(&piece, &mut unnumbered);
        }
        drop(dump);
        if !unnumbered.is_empty() {
            let request = Getfamily {
                family_name: Some(family),
                ..Getfamily::default()
            };
            let described = controller.getfamily(&request)?;
            let dumped = described.ops().filter(|op| {
                let flags = op.flags().unwrap_or_default();
                flags.contains(OpFlags::CMD_CAP_HASPOL) && !flags.contains(OpFlags::CMD_CAP_DO)
            });
            let numbers = dumped.filter_map(|op| u16::try_from(op.id()?).ok());
            policies.operations.extend(numbers.zip(unnumbered));
        }
        Ok(policies)
    }

    fn add(&mut self, piece: &GetpolicyDumpReply<'_>, unnumbered: &mut Vec<OpPolicyOwned>) {
        for (command, policy) in piece.op_policy() {
            match command {
                0 => unnumbered.push(policy.to_owned()),
                _ => {
                    self.operations.insert(command, policy.to_owned());
                }
            }
        }
        for (policy, attributes) in piece.policy() {
            for (attribute, asks) in attributes {
                let of = self.attributes.entry(policy).or_default();
                of.insert(attribute, asks.to_owned());
            }
        }
    }

    /// A policy and those inside of it, in the shape of YNL's tool.
    ///
    /// A policy that stands within itself is not gone into again.
    pub(crate) fn tree(&self, policy: u16, set: Option<SetId>, spec: Option<&Family>) -> Value {
        self.branch(policy, set, spec, &mut Vec::new())
    }

    fn branch(
        &self,
        policy: u16,
        set: Option<SetId>,
        spec: Option<&Family>,
        above: &mut Vec<u16>,
    ) -> Value {
        above.push(policy);
        let mut attributes = Map::new();
        for (&number, asks) in self.attributes.get(&policy).into_iter().flatten() {
            let attr = spec
                .zip(set)
                .and_then(|(spec, set)| attr(spec, set, number));
            let mut entry = properties(asks);
            if let Some(inner) = asks.policy_idx.and_then(|it| u16::try_from(it).ok())
                && !above.contains(&inner)
            {
                let set = attr.and_then(|attr| attr.kind.inside());
                entry.insert("policy".into(), self.branch(inner, set, spec, above));
            }
            let name = attr.map_or(format!("attr-{number}"), |attr| attr.name.to_string());
            attributes.insert(name, Value::Object(entry));
        }
        above.pop();
        Value::Object(attributes)
    }

    /// Which of the spec's sets each policy is about, as far as the operations tell.
    pub(crate) fn sets(&self, spec: &Family) -> BTreeMap<u16, SetId> {
        let mut known = BTreeMap::new();
        let mut open: Vec<(u16, SetId)> = Vec::new();
        for op in &spec.ops {
            let policy = self.operations.get(&op.cmd.into());
            let both = policy.map(|policy| [policy.do_, policy.dump]);
            let indices = both.into_iter().flatten().flatten();
            open.extend(indices.filter_map(|index| Some((u16::try_from(index).ok()?, op.set))));
        }
        while let Some((policy, set)) = open.pop() {
            if known.contains_key(&policy) {
                continue;
            }
            known.insert(policy, set);
            for (&number, asks) in self.attributes.get(&policy).into_iter().flatten() {
                let inner = asks.policy_idx.and_then(|it| u16::try_from(it).ok());
                let inside = attr(spec, set, number).and_then(|attr| attr.kind.inside());
                open.extend(inner.zip(inside));
            }
        }
        known
    }
}

/// The attribute of a set with that number.
pub(crate) fn attr(spec: &Family, set: SetId, number: u16) -> Option<&Attr> {
    spec[set].attrs.iter().find(|attr| attr.id == number)
}

/// What is asked of one attribute, in the words of YNL's tool.
pub(crate) fn properties(asks: &PolicyOwned) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(name.to_owned(), value);
        }
    };
    set("type", Limits(asks).kind().map(Value::from));
    let signed = |value: Option<i64>| value.map(|value| json!(value));
    let unsigned = |value: Option<u64>| value.map(|value| json!(value));
    set(
        "min-value",
        unsigned(asks.min_value_u).or(signed(asks.min_value_s)),
    );
    set(
        "max-value",
        unsigned(asks.max_value_u).or(signed(asks.max_value_s)),
    );
    set("min-length", asks.min_length.map(|value| json!(value)));
    set("max-length", asks.max_length.map(|value| json!(value)));
    set(
        "bitfield32-mask",
        asks.bitfield32_mask.map(|value| json!(value)),
    );
    set("mask", unsigned(asks.mask));
    entry
}
