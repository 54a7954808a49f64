//! Writes a corpus to begin with: of each message of each spec one that has all of its attributes.
//!
//! `cargo run --bin seed -- corpus/decode`

use std::path::PathBuf;

use genl_user::dynamic::encode;
use genl_user::dynamic::genl_schema::model::{Attr, AttrKind, Family, Holds, SetId};
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user_fuzz::families;

/// Nests within nests that a seed has.
const DEPTH: usize = 3;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("the corpus folder"));
    std::fs::create_dir_all(&folder).expect("a folder to write to");
    let families = families();
    let mut count = 0;
    for (spec, family) in families.iter().enumerate() {
        for (number, message) in family.messages.iter().enumerate() {
            let [low, high] = (number as u16).to_le_bytes();
            let values = example(family, message.set, DEPTH);
            // All at once may be more than a message holds; then each attribute alone will do.
            let one_each = || {
                values
                    .iter()
                    .map(|(name, value)| Map::from_iter([(name.clone(), value.clone())]))
            };
            for values in std::iter::once(values.clone()).chain(one_each()) {
                let Ok(bytes) = encode(family, message, &values) else {
                    continue;
                };
                let seed = [&[spec as u8, low, high], &bytes[..]].concat();
                std::fs::write(folder.join(format!("seed-{count}")), seed).expect("a file");
                count += 1;
            }
        }
    }
    println!("{count} seeds in {}", folder.display());
}

fn example(family: &Family, set: SetId, depth: usize) -> Map<String, Value> {
    let attrs = family[set].attrs.iter();
    let values = attrs.filter_map(|attr| {
        let value = value(family, attr, &attr.kind, depth)?;
        Some((attr.name.as_str().to_owned(), value))
    });
    values.collect()
}

fn value(family: &Family, attr: &Attr, kind: &AttrKind, depth: usize) -> Option<Value> {
    Some(match kind {
        AttrKind::Pad | AttrKind::Unused => return None,
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) if depth == 0 => {
            return None;
        }
        AttrKind::Flag => json!(true),
        AttrKind::Int(_) => json!(1),
        AttrKind::String(_) => json!("lo"),
        AttrKind::Binary(binary) => match binary.holds {
            Holds::Struct(_) => json!({}),
            Holds::Array(_) => json!([1, 2]),
            Holds::Bytes if attr.hint.is_none() => json!("00ff"),
            Holds::Bytes => json!("192.0.2.1"),
        },
        AttrKind::Bitfield32(_) => json!({"value": 1, "selector": 3}),
        AttrKind::Nest(set) => Value::Object(example(family, *set, depth - 1)),
        AttrKind::IndexedArray(element) => json!([value(family, attr, element, depth - 1)?]),
        AttrKind::TypeValue(levels, element) => {
            let mut entry = match &**element {
                AttrKind::Nest(set) => example(family, *set, depth - 1),
                _ => Map::from_iter([("value".to_owned(), json!(1))]),
            };
            entry.extend(
                levels
                    .iter()
                    .map(|level| (level.as_str().to_owned(), json!(1))),
            );
            Value::Object(entry)
        }
    })
}
