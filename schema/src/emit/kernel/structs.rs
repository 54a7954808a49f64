//! C structs: headers that stand before the attributes, and what stands in attributes of bytes.
//!
//! A struct's fields are the values that its members stand for; where the members lie, and in which
//! order their bytes, is the business of `from_bytes` and `to_bytes` alone. So padding is never
//! anybody's, and what the kernel sends of it is zeros.

use super::text::Text;
use crate::model::{ByteOrder, EnumUse, Family, Member, MemberKind, Struct};

/// Arrays up to this length have `Default`.
const LONGEST_DEFAULT: usize = 32;

pub(super) fn render(text: &mut Text, family: &Family) {
    for definition in &family.structs {
        render_struct(text, family, definition);
    }
}

fn render_struct(text: &mut Text, family: &Family, definition: &Struct) {
    let name = definition.name.pascal();
    let fallback = format!("The struct `{}`.", definition.name);
    let derives = default_derives(definition);
    text.gap();
    text.docs(&definition.doc, &fallback);
    text.line(match derives {
        true => "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]",
        false => "#[derive(Clone, Copy, Debug, PartialEq, Eq)]",
    });
    text.open(format!("pub struct {name}"));
    for member in &definition.members {
        let fallback = format!("The member `{}`.", member.name);
        text.docs(&member.doc, &fallback);
        if let Some(names) = names(member) {
            text.line("///");
            text.line(format!("/// {}", named(family, names)));
        }
        let (field, kind) = (member.name.snake(), type_of(family, member));
        text.line(format!("pub {field}: {kind},"));
    }
    text.close("");
    text.gap();
    text.open(format!("impl {name}"));
    text.line("/// How many bytes it takes in a message.");
    text.line(format!("pub const SIZE: usize = {};", definition.size));
    text.gap();
    render_from_bytes(text, family, definition);
    text.gap();
    render_to_bytes(text, definition);
    text.close("");
    if !derives {
        text.gap();
        text.open(format!("impl Default for {name}"));
        text.open("fn default() -> Self");
        text.line("Self::from_bytes(&[])");
        text.close("");
        text.close("");
    }
}

/// `Default` can be derived: it is that of every member.
fn default_derives(definition: &Struct) -> bool {
    definition.members.iter().all(|member| match member.kind {
        MemberKind::Bytes | MemberKind::String => member.size <= LONGEST_DEFAULT,
        // What is inside has a default, derived or not.
        MemberKind::Int { .. } | MemberKind::Struct(_) => true,
    })
}

fn names(member: &Member) -> Option<EnumUse> {
    match member.kind {
        MemberKind::Int { names, .. } => names,
        _ => None,
    }
}

/// What the numbers of a member mean, which nothing has checked.
fn named(family: &Family, names: EnumUse) -> String {
    let definition = &family[names.id];
    match (names.as_flags, definition.entries.is_empty()) {
        (_, true) => format!("A value of `{}`.", definition.name),
        (true, _) => format!(
            "The bits of [`{}`].",
            super::definitions::flags_type(definition)
        ),
        (false, _) => format!("A value of [`{}`].", definition.name.pascal()),
    }
}

fn type_of(family: &Family, member: &Member) -> String {
    match member.kind {
        MemberKind::Int { kind, .. } => kind.rust().into(),
        MemberKind::Bytes | MemberKind::String => format!("[u8; {}]", member.size),
        MemberKind::Struct(id) => family[id].name.pascal(),
    }
}

fn render_from_bytes(text: &mut Text, family: &Family, definition: &Struct) {
    text.line(
        "/// Reads it; what `bytes` are too short for is zero, what stands behind it is left.",
    );
    text.open("pub fn from_bytes(bytes: &[u8]) -> Self");
    if definition.members.is_empty() {
        text.line("let _ = bytes;");
        text.line("Self {}");
        text.close("");
        return;
    }
    text.line("let bytes = genl::layout::padded::<{ Self::SIZE }>(bytes);");
    text.open("Self");
    for member in &definition.members {
        let field = member.name.snake();
        let part = format!("genl::layout::part::<{}, _, _>(&bytes)", member.offset);
        let value = match member.kind {
            MemberKind::Int { kind, order, .. } => {
                format!("{}::from_{}_bytes({part})", kind.rust(), ending(order))
            }
            MemberKind::Bytes | MemberKind::String => part,
            MemberKind::Struct(id) => {
                let part = format!(
                    "genl::layout::part::<{}, {}, _>(&bytes)",
                    member.offset, member.size
                );
                format!("{}::from_bytes(&{part})", family[id].name.pascal())
            }
        };
        text.line(format!("{field}: {value},"));
    }
    text.close("");
    text.close("");
}

fn render_to_bytes(text: &mut Text, definition: &Struct) {
    text.line("/// Writes it; padding is zero.");
    text.open("pub fn to_bytes(&self) -> [u8; Self::SIZE]");
    let mutable = match definition.members.is_empty() {
        true => "",
        false => "mut ",
    };
    text.line(format!("let {mutable}bytes = [0; Self::SIZE];"));
    for member in &definition.members {
        let field = format!("self.{}", member.name.snake());
        let value = match member.kind {
            MemberKind::Int { order, .. } => format!("{field}.to_{}_bytes()", ending(order)),
            MemberKind::Bytes | MemberKind::String => field,
            MemberKind::Struct(_) => format!("{field}.to_bytes()"),
        };
        text.line(format!(
            "genl::layout::set_part::<{}, _, _>(&mut bytes, {value});",
            member.offset
        ));
    }
    text.line("bytes");
    text.close("");
}

/// How Rust's conversions call an order of bytes.
pub(super) fn ending(order: ByteOrder) -> &'static str {
    match order {
        ByteOrder::Host => "ne",
        ByteOrder::Big => "be",
        ByteOrder::Little => "le",
    }
}
