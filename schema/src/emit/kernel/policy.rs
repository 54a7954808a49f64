//! What the core checks of a request before a handler sees it.

use super::requests::is_taken;
use super::rules::rule;
use super::text::Text;
use super::{attr_path, conditions, nested_sets};
use crate::model::{
    Attr, AttrSet, Call, Direction, DontValidate, Family, KernelPolicy, MessageId, Op, SetId,
};
use crate::name::Name;

/// The rules that nests and operations share.
pub(super) fn render(text: &mut Text, family: &Family) {
    let tables = shared(family);
    let sets = nested_sets(family, Direction::Request);
    if tables.is_empty() && sets.is_empty() {
        return;
    }
    text.gap();
    text.line("/// What requests and nests may hold.");
    // Of their own, as they are named like what the spec may have as a constant.
    text.open("mod rules");
    text.line("use super::*;");
    for table in tables {
        let names: Vec<String> = table.users.iter().map(|name| format!("`{name}`")).collect();
        text.gap();
        text.line(format!("/// The requests {}.", names.join(", ")));
        let attrs: Vec<_> = table.attrs(family).collect();
        let name = format!("pub(super) static {}", table.name);
        conditions::of_requests(text, family, &table.users);
        render_rules(text, family, &family[table.set], &attrs, &name);
    }
    for set in sets {
        let attrs: Vec<_> = set.attrs.iter().collect();
        text.gap();
        text.line(format!("/// A nest of `{}`.", set.name));
        let name = format!("pub(super) static {}", nest_rules(set));
        conditions::of_nest(text, family, set);
        render_rules(text, family, set, &attrs, &name);
    }
    text.close("");
}

/// The value of the `POLICY` of one way to call an operation.
pub(super) fn render_policy(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    let Some((set, attrs)) = covered(family, op, call) else {
        text.line("const POLICY: genl::Policy = genl::Policy::NONE;");
        return;
    };
    let same = |table: &Table<'_>| (table.set, &table.attrs) == (set, &attrs);
    if let Some(table) = shared(family).into_iter().find(same) {
        let name = table.name;
        text.line(format!(
            "const POLICY: genl::Policy = rules::{name}.policy();"
        ));
        return;
    }
    let table: Vec<_> = attrs.iter().map(|at| &family[set].attrs[*at]).collect();
    text.open("const POLICY: genl::Policy =");
    render_rules(text, family, &family[set], &table, "static RULES");
    text.line("RULES.policy()");
    text.close(";");
}

/// The policy for the nests of a set.
pub(super) fn of_nest(set: &AttrSet) -> String {
    format!("rules::{}.policy()", nest_rules(set))
}

fn nest_rules(set: &AttrSet) -> String {
    format!("{}_NEST", set.name.shouty())
}

/// Rules that several calls have.
struct Table<'f> {
    name: String,
    /// The names of the requests.
    users: Vec<&'f Name>,
    set: SetId,
    /// Places in the set, ascending.
    attrs: Vec<usize>,
}

impl Table<'_> {
    fn attrs<'f>(&self, family: &'f Family) -> impl Iterator<Item = &'f Attr> {
        let set = &family[self.set];
        self.attrs.iter().map(|at| &set.attrs[*at])
    }
}

/// The rules that more than one call has, named by the first of them.
fn shared(family: &Family) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for (op, call) in calls(family) {
        let Some((set, attrs)) = covered(family, op, call) else {
            continue;
        };
        let name = &family[call.request].name;
        match tables
            .iter_mut()
            .find(|table| (table.set, &table.attrs) == (set, &attrs))
        {
            Some(table) => table.users.push(name),
            None => tables.push(Table {
                name: format!("{}_REQUEST", name.shouty()),
                users: vec![name],
                set,
                attrs,
            }),
        }
    }
    tables.retain(|table| table.users.len() > 1);
    tables
}

/// The set and the places in it of the attributes that a call's policy covers; `None` where the
/// core takes no attribute.
///
/// `kernel-policy` says whose attributes these are. Where calls share a policy in C, the core has
/// none for a dump that it does not validate (`genl_cmd_full_to_split()`); one that has attributes
/// of its own needs it here, so that they can be looked at.
pub(in crate::emit) fn covered(
    family: &Family,
    op: &Op,
    call: &Call,
) -> Option<(SetId, Vec<usize>)> {
    let is_dump = op
        .dump
        .as_ref()
        .is_some_and(|dump| std::ptr::eq(dump, call));
    let fields = |id: MessageId| family[id].fields.iter().map(|field| field.attr);
    let own: Vec<usize> = fields(call.request).collect();
    let set = family[call.request].set;
    let unchecked = is_dump && op.dont_validate.contains(&DontValidate::Dump) && own.is_empty();
    let mut attrs = match family.kernel.policy {
        KernelPolicy::Split => own,
        _ if unchecked => own,
        KernelPolicy::PerOp => ways(op).flat_map(|call| fields(call.request)).collect(),
        KernelPolicy::Global => calls(family)
            .filter(|(_, call)| family[call.request].set == set)
            .flat_map(|(_, call)| fields(call.request))
            .collect(),
    };
    attrs.sort_unstable();
    attrs.dedup();
    (!attrs.is_empty()).then_some((set, attrs))
}

fn calls(family: &Family) -> impl Iterator<Item = (&Op, &Call)> {
    let ops = family.ops.iter();
    ops.flat_map(|op| ways(op).map(move |call| (op, call)))
}

/// The ways to call an operation.
fn ways(op: &Op) -> impl Iterator<Item = &Call> {
    op.do_.iter().chain(&op.dump)
}

fn render_rules(text: &mut Text, family: &Family, set: &AttrSet, attrs: &[&Attr], name: &str) {
    let known: Vec<(String, String)> = attrs
        .iter()
        .filter(|attr| is_taken(attr))
        .filter_map(|attr| Some((attr_path(set, attr), rule(family, attr)?)))
        .collect();
    let max = attrs.iter().map(|attr| attr.id).max().unwrap_or(0);
    text.open_list(&format!(
        "{name}: genl::Rules<{}> = genl::Rules::new(&[",
        max + 1
    ));
    for (at, (path, rule)) in known.iter().enumerate() {
        // The comment keeps rustfmt from joining the lines.
        let tail = if at + 1 == known.len() { ", //" } else { "," };
        text.call("", &[path, rule], tail);
    }
    text.close_list("]);");
}
