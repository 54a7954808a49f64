//! No two types of the generated code may have the same name.
//!
//! Messages, enums and the sets that nest become types, all in one module. Where two of them would
//! have one name, the later one gets a word more: an enum `stringset` and a set `stringset` are
//! `Stringset` and `StringsetSet`.

use std::collections::HashSet;

use crate::model::{Direction, Family};
use crate::name::Name;

/// What the generated modules have, or take from Rust, beside the types that a spec names.
const RESERVED: [&str; 28] = [
    "Client",
    "AsyncClient",
    "Pipeline",
    "Event",
    "Events",
    "Group",
    "Handler",
    "Served",
    "CStr",
    "PhantomData",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Err",
    "FnOnce",
    "From",
    "Into",
    "Iterator",
    "IntoIterator",
    "None",
    "Ok",
    "Option",
    "Result",
    "Some",
    "String",
    "Vec",
];

/// What is added to the name of a message or a set for its other forms.
const FORMS: [&str; 5] = ["", "View", "Owned", "Writer", "Array"];

/// What is added to the name of an enum for a set of its values.
const ENUM_FORMS: [&str; 2] = ["", "Flags"];

/// Gives every type a name of its own.
pub(super) fn settle(family: &mut Family) {
    let nested = nested_sets(family);
    let mut taken: HashSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    // A type whose fields have no names is a function as well, which no constant may be named like.
    taken.extend(family.consts.iter().map(|constant| constant.name.shouty()));
    // What a dump's handler adds items by.
    let dumps = family.ops.iter().filter(|op| op.dump.is_some());
    taken.extend(dumps.map(|op| format!("{}Items", op.name.pascal())));
    let mut claim = |name: &mut Name, forms: &[&str], longer: &dyn Fn(&Name) -> Name| {
        let spellings = |name: &Name| -> Vec<String> {
            let base = name.pascal();
            forms.iter().map(|form| format!("{base}{form}")).collect()
        };
        while spellings(name).iter().any(|name| taken.contains(name)) {
            *name = longer(name);
        }
        taken.extend(spellings(name));
    };
    for message in &mut family.messages {
        let more = match message.direction {
            Direction::Request => "request",
            Direction::FromKernel => "message",
        };
        // The name is none of the spec's, and has to be unique.
        claim(&mut message.name, &FORMS, &|name| name.join(more));
    }
    for definition in &mut family.enums {
        claim(&mut definition.name, &ENUM_FORMS, &|name| {
            name.apart("enum")
        });
    }
    for definition in &mut family.structs {
        claim(&mut definition.name, &[""], &|name| name.apart("struct"));
    }
    // Each set has a module too, whether it becomes a type or not.
    let sets: HashSet<String> = family.sets.iter().map(|set| set.name.pascal()).collect();
    let longer = |name: &Name| {
        let mut name = name.apart("set");
        while sets.contains(&name.pascal()) {
            name = name.apart("set");
        }
        name
    };
    for (set, nested) in family.sets.iter_mut().zip(nested) {
        if nested {
            claim(&mut set.name, &FORMS, &longer);
        }
    }
}

/// Of each set, whether some attribute nests it; only then it becomes a type.
fn nested_sets(family: &Family) -> Vec<bool> {
    let mut nested = vec![false; family.sets.len()];
    for attr in family.sets.iter().flat_map(|set| &set.attrs) {
        if let Some(set) = attr.kind.inside() {
            nested[set.get()] = true;
        }
    }
    nested
}
