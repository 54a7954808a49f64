//! `name=value` on the command line: attributes without JSON.

use genl_user::dynamic::genl_schema::diag;
use genl_user::dynamic::genl_schema::model::{
    Attr, AttrKind, Family, Holds, MemberKind, Message, SetId, StructId,
};
use genl_user::dynamic::serde_json::{self, Map, Value};

/// Sets what `text` says, as `header.dev-name=eth0`: dots lead into nests and structs, a name that
/// is given again adds to a list, and `[2]` behind a name picks an element of it.
///
/// # Errors
///
/// What is wrong with it, with the nearest name.
pub(crate) fn assign(
    family: &Family,
    message: &Message,
    values: &mut Map<String, Value>,
    text: &str,
) -> Result<(), String> {
    let (path, value) = match text.split_once('=') {
        Some((path, value)) => (path, Some(value)),
        None => (text, None),
    };
    let place = Place::Message(message);
    let names: Vec<_> = path.split('.').collect();
    set(family, place, values, &names, value).map_err(|said| format!("{text}: {said}"))
}

/// How it ends what is said of a second value.
const NO_LIST: &str = ", and is no list";

/// What an object on the way stands for.
#[derive(Clone, Copy)]
enum Place<'f> {
    Message(&'f Message),
    Set(SetId),
    Struct(StructId),
    /// The parts of a bitfield32, or the types of a nest-type-value beside its attributes.
    Parts(&'f Attr),
}

/// What a name stands for.
enum Named<'f> {
    /// Something with names inside; of a list of such, each element.
    Inside { place: Place<'f>, list: bool },
    /// A value; of a list, one of them.
    Value { list: bool, flag: bool },
    /// A text of a list.
    Text,
}

fn set(
    family: &Family,
    place: Place<'_>,
    values: &mut Map<String, Value>,
    path: &[&str],
    value: Option<&str>,
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    let (name, index) = split_index(first)?;
    let entry = |values: &mut Map<String, Value>, empty: Value| {
        if !values.contains_key(name) {
            values.insert(name.to_owned(), empty);
        }
    };
    match (look_up(family, place, name)?, rest) {
        (Named::Value { .. } | Named::Text, [_, ..]) => Err(format!("{name} has no names inside")),
        (Named::Inside { place, list: false }, [_, ..]) => {
            entry(values, Value::Object(Map::new()));
            match values.get_mut(name) {
                Some(Value::Object(inside)) => set(family, place, inside, rest, value),
                _ => Err(format!("{name} has a value already")),
            }
        }
        (Named::Inside { place, list: true }, [_, ..]) => {
            entry(values, Value::Array(Vec::new()));
            let Some(Value::Array(elements)) = values.get_mut(name) else {
                return Err(format!("{name} has a value already"));
            };
            let index = index.unwrap_or(0);
            if index > elements.len() {
                return Err(format!(
                    "{name}[{index}] comes before {name}[{}]",
                    elements.len()
                ));
            }
            if index == elements.len() {
                elements.push(Value::Object(Map::new()));
            }
            let next = elements.len();
            match &mut elements[index] {
                Value::Object(inside) => {
                    set(family, place, inside, rest, value).map_err(|said| match said {
                        twice if twice.ends_with(NO_LIST) => {
                            format!("{twice}; {name}[{next}] is another {name}")
                        }
                        other => other,
                    })
                }
                _ => Err(format!("{name}[{index}] has a value already")),
            }
        }
        (Named::Inside { list, .. }, []) => {
            let expected = "it takes names inside, behind dots, or JSON: '{\"name\": value}'";
            let value = value.ok_or(expected)?;
            let value = serde_json::from_str(value).map_err(|error| match value.get(..1) {
                Some("{" | "[") => format!("this is no JSON: {error}"),
                _ => expected.to_owned(),
            })?;
            put(values, name, value, list)
        }
        (Named::Text, []) => {
            let value = value.ok_or("it needs a value, behind a =")?;
            let texts = serde_json::from_str::<Vec<String>>(value);
            put(
                values,
                name,
                texts.map_or_else(|_| value.into(), Value::from),
                true,
            )
        }
        (Named::Value { list, flag }, []) => {
            let value = match value {
                Some(value) => text_or_list(value, list),
                None if flag => Value::Bool(true),
                None => return Err("it needs a value, behind a =".into()),
            };
            put(values, name, value, list)
        }
    }
}

/// `keys[2]` is `keys` and 2.
fn split_index(name: &str) -> Result<(&str, Option<usize>), String> {
    match name.split_once('[') {
        None => Ok((name, None)),
        Some((before, index)) => match index.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => Ok((before, Some(index))),
            _ => Err(format!("{name} should be a name, or a name and [NUMBER]")),
        },
    }
}

/// A value as it was typed; a list may be JSON.
fn text_or_list(text: &str, list: bool) -> Value {
    match (list && text.starts_with('['), serde_json::from_str(text)) {
        (true, Ok(value)) => value,
        _ => Value::String(text.to_owned()),
    }
}

/// Sets a value, or adds to a list.
fn put(
    values: &mut Map<String, Value>,
    name: &str,
    value: Value,
    list: bool,
) -> Result<(), String> {
    let more = match value {
        Value::Array(more) if list => more,
        value if list => vec![value],
        value if !values.contains_key(name) => {
            values.insert(name.to_owned(), value);
            return Ok(());
        }
        _ => return Err(format!("{name} has a value already{NO_LIST}")),
    };
    match values.get_mut(name) {
        Some(Value::Array(all)) => all.extend(more),
        Some(_) => return Err(format!("{name} has a value already")),
        None => {
            values.insert(name.to_owned(), Value::Array(more));
        }
    }
    Ok(())
}

fn look_up<'f>(family: &'f Family, place: Place<'f>, name: &str) -> Result<Named<'f>, String> {
    let set = match place {
        Place::Message(message) => {
            if let Some(header) = message.header
                && let Ok(named) = member(family, header, name)
            {
                return Ok(named);
            }
            message.set
        }
        Place::Set(set) => set,
        Place::Struct(id) => return member(family, id, name),
        Place::Parts(attr) => match &attr.kind {
            AttrKind::TypeValue(levels, element) => {
                let is_level = levels.iter().any(|level| level.as_str() == name);
                match (is_level, &**element) {
                    (false, AttrKind::Nest(set)) => *set,
                    _ => {
                        return Ok(Named::Value {
                            list: false,
                            flag: false,
                        });
                    }
                }
            }
            _ => {
                return Ok(Named::Value {
                    list: false,
                    flag: false,
                });
            }
        },
    };
    let attrs = || family[set].attrs.iter();
    match attrs().find(|attr| attr.name.as_str() == name) {
        Some(attr) => Ok(named(attr)),
        None if name.starts_with("UnknownAttr(") => Ok(Named::Value {
            list: false,
            flag: false,
        }),
        None => {
            let names = attrs().map(|attr| attr.name.as_str());
            Err(unknown("attribute", family[set].name.as_str(), name, names))
        }
    }
}

fn named(attr: &Attr) -> Named<'_> {
    let inside = |place, list| Named::Inside { place, list };
    match &attr.kind {
        AttrKind::Nest(set) => inside(Place::Set(*set), attr.multi),
        AttrKind::Binary(binary) => match binary.holds {
            Holds::Struct(id) => inside(Place::Struct(id), attr.multi),
            Holds::Array(_) => Named::Value {
                list: true,
                flag: false,
            },
            Holds::Bytes => Named::Value {
                list: attr.multi,
                flag: false,
            },
        },
        AttrKind::IndexedArray(element) => match **element {
            AttrKind::Nest(set) => inside(Place::Set(set), true),
            AttrKind::String(_) => Named::Text,
            _ => Named::Value {
                list: true,
                flag: false,
            },
        },
        AttrKind::Bitfield32(_) => inside(Place::Parts(attr), attr.multi),
        AttrKind::TypeValue(..) => inside(Place::Parts(attr), true),
        AttrKind::String(_) if attr.multi => Named::Text,
        kind => Named::Value {
            list: attr.multi,
            flag: *kind == AttrKind::Flag,
        },
    }
}

fn member<'f>(family: &'f Family, id: StructId, name: &str) -> Result<Named<'f>, String> {
    let members = || family[id].members.iter();
    match members().find(|member| member.name.as_str() == name) {
        Some(member) => Ok(match member.kind {
            MemberKind::Struct(id) => Named::Inside {
                place: Place::Struct(id),
                list: false,
            },
            _ => Named::Value {
                list: false,
                flag: false,
            },
        }),
        None => {
            let names = members().map(|member| member.name.as_str());
            Err(unknown("member", family[id].name.as_str(), name, names))
        }
    }
}

fn unknown<'a>(
    what: &str,
    owner: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> String {
    match diag::nearest(name, known) {
        Some(near) => format!("{owner} has no {what} \"{name}\"; did you mean \"{near}\"?"),
        None => format!("{owner} has no {what} \"{name}\""),
    }
}

#[cfg(test)]
mod tests {
    use genl_user::dynamic::genl_schema;
    use genl_user::dynamic::serde_json::json;

    use super::*;

    /// What the assignments make, in the spec that has one attribute of each kind.
    fn made(assignments: &[&str]) -> Result<Value, String> {
        let text = include_str!("../../../tests/dynamic/every.yaml");
        let family = genl_schema::compile("every.yaml", text).unwrap();
        let message = &family[family.ops[0].do_.as_ref().unwrap().request];
        let mut values = Map::new();
        for text in assignments {
            assign(&family, message, &mut values, text)?;
        }
        Ok(Value::Object(values))
    }

    #[test]
    fn names_lead_to_values_of_every_kind() {
        for (assignments, expected) in [
            (
                &["u8=7", "ifindex=-1"][..],
                json!({"u8": "7", "ifindex": "-1"}),
            ),
            (&["flag"], json!({"flag": true})),
            (&["text=a=b"], json!({"text": "a=b"})),
            (&["text=[1]"], json!({"text": "[1]"})),
            (&["nest.nest.u8=1"], json!({"nest": {"nest": {"u8": "1"}}})),
            (
                &["nest={\"u8\": 1}", "nest.u16=2"],
                json!({"nest": {"u8": 1, "u16": "2"}}),
            ),
            (&["names=a", "names=b"], json!({"names": ["a", "b"]})),
            (
                &["names=[\"a\", \"b\"]", "names=c"],
                json!({"names": ["a", "b", "c"]}),
            ),
            (&["names=[5]"], json!({"names": ["[5]"]})),
            (&["array=1", "array=2"], json!({"array": ["1", "2"]})),
            (&["numbers=5"], json!({"numbers": ["5"]})),
            (&["mode=fast,deep"], json!({"mode": "fast,deep"})),
            (
                &["nests.id=1", "nests[1].id=2"],
                json!({"nests": [{"id": "1"}, {"id": "2"}]}),
            ),
            (
                &["list.id=1", "list.label=x"],
                json!({"list": [{"id": "1", "label": "x"}]}),
            ),
            (
                &["struct.tag=1", "struct.inner.word=2"],
                json!({"struct": {"tag": "1", "inner": {"word": "2"}}}),
            ),
            (
                &["bits.value=fast", "bits.selector=3"],
                json!({"bits": {"value": "fast", "selector": "3"}}),
            ),
            (
                &["policy.index=1", "policy.attr=2", "policy.id=3"],
                json!({"policy": [{"index": "1", "attr": "2", "id": "3"}]}),
            ),
            (
                &["UnknownAttr(99)=00ff"],
                json!({"UnknownAttr(99)": "00ff"}),
            ),
        ] {
            assert_eq!(made(assignments), Ok(expected), "{assignments:?}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for (assignment, said) in [
            ("u9=1", "all has no attribute \"u9\"; did you mean \"u8\"?"),
            (
                "struct.tga=1",
                "outer has no member \"tga\"; did you mean \"tag\"?",
            ),
            ("struct.tag.x=1", "tag has no names inside"),
            (
                "names[x]=1",
                "names[x] should be a name, or a name and [NUMBER]",
            ),
            ("nests[1].id=1", "nests[1] comes before nests[0]"),
            ("text", "it needs a value, behind a ="),
        ] {
            let refused = made(&[assignment]).unwrap_err();
            assert_eq!(refused, format!("{assignment}: {said}"));
        }
    }

    #[test]
    fn what_is_no_list_has_one_value() {
        for (assignments, said) in [
            (
                ["u8=4", "u8=5"],
                "u8=5: u8 has a value already, and is no list",
            ),
            (
                ["nest.u8=4", "nest.u8=5"],
                "nest.u8=5: u8 has a value already, and is no list",
            ),
            (
                ["nest.u8=4", "nest={}"],
                "nest={}: nest has a value already, and is no list",
            ),
            (
                ["nests.id=1", "nests.id=2"],
                "nests.id=2: id has a value already, and is no list; nests[1] is another nests",
            ),
            (
                ["flag", "flag"],
                "flag: flag has a value already, and is no list",
            ),
        ] {
            assert_eq!(made(&assignments), Err(said.to_owned()));
        }
    }
}
