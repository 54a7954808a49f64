//! How an attribute of a request becomes a value.

use super::definitions::{flags_type, named, repr};
use crate::model::{AttrKind, Binary, ByteOrder, Enum, EnumUse, Family, Holds, Int, IntKind};

/// The way from an attribute to a value.
pub(super) struct Reading {
    /// The type of the value.
    pub(super) value: String,
    steps: Vec<Step>,
}

/// A step of the way: what it calls.
enum Step {
    /// What always gives a value.
    Map(String),
    /// What gives an `Option`.
    Try(String),
    /// What is done to each number of an array.
    Each(String),
}

impl Reading {
    /// Adds the steps to a chain of calls that starts from an `Option`, or else an iterator.
    pub(super) fn of_some(&self, source: &str) -> String {
        self.chain(source, "and_then")
    }

    /// As [`Self::of_some`], where the chain starts from an iterator.
    pub(super) fn of_each(&self, source: &str) -> String {
        self.chain(source, "filter_map")
    }

    fn chain(&self, source: &str, try_: &str) -> String {
        let mut text = source.to_owned();
        for step in &self.steps {
            text += &match step {
                Step::Map(call) => format!(".map({call})"),
                Step::Try(call) => format!(".{try_}({call})"),
                Step::Each(call) => format!(".map(|numbers| numbers.map({call}))"),
            };
        }
        text
    }

    /// The value, or the `Option` of it, of a single attribute.
    pub(super) fn of_one(&self, attr: &str) -> String {
        let mut text = attr.to_owned();
        let mut is_option = false;
        for step in &self.steps {
            text = match step {
                Step::Map(call) if is_option => format!("{text}.map({call})"),
                Step::Try(call) if is_option => format!("{text}.and_then({call})"),
                Step::Each(call) => format!("{text}.map({call})"),
                Step::Map(call) | Step::Try(call) => match call.strip_prefix("genl::Attr::") {
                    Some(method) => format!("{text}.{method}()"),
                    None => format!("{call}({text})"),
                },
            };
            is_option |= step.may_fail();
        }
        text
    }

    /// The bytes of the attribute may make up no value.
    pub(super) fn may_fail(&self) -> bool {
        self.steps.iter().any(Step::may_fail)
    }
}

impl Step {
    fn may_fail(&self) -> bool {
        matches!(self, Self::Try(_))
    }
}

/// How to read what an attribute holds; a flag holds nothing, and a nest of values is many.
pub(super) fn reading(family: &Family, kind: &AttrKind) -> Reading {
    match kind {
        AttrKind::Int(int) => of_int(family, int),
        AttrKind::String(text) if text.unterminated_ok => always("&'r [u8]", "genl::Attr::text"),
        AttrKind::String(_) => maybe("&'r CStr", "genl::Attr::string"),
        AttrKind::Binary(binary) => of_binary(family, binary),
        AttrKind::Bitfield32(_) => maybe("genl::Bitfield32", "genl::Attr::bitfield32"),
        AttrKind::Nest(set) => {
            let view = family[*set].name.pascal();
            always(&format!("{view}<'r>"), &view)
        }
        AttrKind::IndexedArray(element) => {
            let element = reading(family, element);
            let each = element.of_each("array.attrs()");
            always(&iterator(&element.value), &format!("|array| {each}"))
        }
        AttrKind::TypeValue(levels, inner) => {
            let inner = reading(family, inner);
            let keys = "u16, ".repeat(levels.len());
            Reading {
                value: format!("({keys}{})", inner.value),
                steps: Vec::new(),
            }
        }
        AttrKind::Flag | AttrKind::Pad | AttrKind::Unused => always("bool", "|_| true"),
    }
}

/// The values of a nest-type-value, whose attributes `source` goes through.
pub(super) fn typed_values(
    family: &Family,
    levels: usize,
    inner: &AttrKind,
    source: &str,
) -> String {
    let inner = reading(family, inner);
    let names: Vec<String> = (1..=levels).map(|level| format!("level_{level}")).collect();
    let Some((last, outer)) = names.split_last() else {
        return source.to_owned();
    };
    let keys: String = names.iter().map(|name| format!("{name}.id(), ")).collect();
    let value = inner.of_one(last);
    let moved = if outer.is_empty() { "" } else { "move " };
    let mut text = match inner.may_fail() {
        true => format!("filter_map({moved}|{last}| Some(({keys}{value}?)))"),
        false => format!("map({moved}|{last}| ({keys}{value}))"),
    };
    for (at, name) in outer.iter().enumerate().rev() {
        let moved = if at == 0 { "" } else { "move " };
        text = format!("flat_map({moved}|{name}| {name}.attrs().{text})");
    }
    format!("{source}.flat_map(genl::Attr::attrs).{text}")
}

/// The type of what goes through values.
pub(super) fn iterator(value: &str) -> String {
    format!("impl Iterator<Item = {value}> + Clone + 'r")
}

fn always(value: &str, call: &str) -> Reading {
    Reading {
        value: value.to_owned(),
        steps: vec![Step::Map(call.to_owned())],
    }
}

fn maybe(value: &str, call: &str) -> Reading {
    Reading {
        value: value.to_owned(),
        steps: vec![Step::Try(call.to_owned())],
    }
}

fn of_binary(family: &Family, binary: &Binary) -> Reading {
    match &binary.holds {
        Holds::Bytes => always("&'r [u8]", "genl::Attr::payload"),
        Holds::Struct(id) => {
            let name = family[*id].name.pascal();
            let mut reading = always(&name, "genl::Attr::payload");
            reading.steps.push(Step::Map(format!("{name}::from_bytes")));
            reading
        }
        Holds::Array(int) => {
            let rust = int.kind.rust();
            let array = format!("genl::Attr::array::<{rust}>");
            let mut reading = always(&iterator(rust), &array);
            if let Some(convert) = from_order(int) {
                let each = format!("{rust}::{convert}");
                reading.steps.push(Step::Each(each));
            }
            reading
        }
    }
}

fn of_int(family: &Family, int: &Int) -> Reading {
    let mut reading = maybe(int.kind.rust(), &format!("genl::Attr::{}", int.kind.name()));
    if let Some(convert) = from_order(int) {
        let convert = format!("{}::{convert}", int.kind.rust());
        reading.steps.push(Step::Map(convert));
    }
    if let Some(names) = named(family, int) {
        let definition = &family[names.id];
        reading.steps.extend(widened(int.kind, definition, names));
        reading.value = match names.as_flags {
            true => flags_type(definition),
            false => definition.name.pascal(),
        };
        reading.steps.push(match names.as_flags {
            true => Step::Map(format!("{}::from_bits", reading.value)),
            false => Step::Try(format!("{}::from_value", reading.value)),
        });
    }
    reading
}

/// The step from an integer to what the type of its names takes, if one is needed.
fn widened(kind: IntKind, definition: &Enum, names: EnumUse) -> Option<Step> {
    let rust = kind.rust();
    let takes = match names.as_flags {
        true => "u64",
        false => repr(definition),
    };
    match (kind.signed(), takes) {
        _ if rust == takes => None,
        (false, _) | (true, "i64") => Some(Step::Map(format!("{takes}::from"))),
        // The bits of a narrow one are not to become bits of the wide one's sign.
        (true, _) if names.as_flags && rust != "i64" => {
            let narrow = rust.replace('i', "u");
            Some(Step::Map(format!("|bits| bits as {narrow} as u64")))
        }
        (true, _) if names.as_flags => Some(Step::Map("|bits| bits as u64".into())),
        (true, _) => Some(Step::Try("|value| u64::try_from(value).ok()".into())),
    }
}

/// The function that turns an integer's bytes around, if they need it.
fn from_order(int: &Int) -> Option<&'static str> {
    match int.order {
        _ if int.kind.fixed_size() == Some(1) => None,
        ByteOrder::Host => None,
        ByteOrder::Big => Some("from_be"),
        ByteOrder::Little => Some("from_le"),
    }
}
