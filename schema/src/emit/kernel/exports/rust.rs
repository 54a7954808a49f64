//! The Rust side: `exports.rs` of the family's module.

use super::{Argument, Member, MemberKind, Way, arguments, header_name, ways};
use crate::emit::Origin;
use crate::emit::kernel::definitions::{flags_type, named, repr};
use crate::emit::kernel::text::Text;
use crate::model::{AttrKind, Family, Int};

/// Renders `exports.rs`, which has no `unsafe`: the types of its arguments vouch for what C must pass.
pub fn render(family: &Family, origin: Origin<'_>) -> String {
    let mut text = Text::default();
    text.line("// SPDX-License-Identifier: GPL-2.0");
    text.line(format!("// {origin}"));
    text.gap();
    text.line("//! The family's events, for other modules to send, from C too.");
    text.line("//!");
    text.line(format!(
        "//! C header: `{}`, beside this file. `exports.c` exports the symbols.",
        header_name(family)
    ));
    text.gap();
    text.line("#![deny(unsafe_code)]");
    text.gap();
    text.line("use crate::{generated, genl};");
    text.line("use kernel::prelude::*;");
    for argument in arguments(family) {
        if !argument.members.is_empty() {
            render_struct(&mut text, &argument);
            render_layout(&mut text, &argument);
            render_fill(&mut text, family, &argument);
        }
        for way in ways(argument.event) {
            render_function(&mut text, &argument, *way);
        }
    }
    text.into_string()
}

/// The struct's name in Rust.
fn pascal(argument: &Argument<'_>) -> String {
    argument.event.name.pascal()
}

/// The struct's type where lifetimes are elided.
fn elided(argument: &Argument<'_>) -> String {
    match borrows(argument) {
        true => format!("{}<'_>", pascal(argument)),
        false => pascal(argument),
    }
}

fn borrows(argument: &Argument<'_>) -> bool {
    let mut members = argument.members.iter();
    members.any(|member| matches!(member.kind, MemberKind::Text | MemberKind::Bytes))
}

fn render_struct(text: &mut Text, argument: &Argument<'_>) {
    let lifetime = if borrows(argument) { "<'c>" } else { "" };
    text.gap();
    text.line(format!(
        "/// `struct {}`: what the event `{}` carries.",
        argument.function, argument.event.name
    ));
    text.line("#[repr(C)]");
    text.open(format!("pub struct {}{lifetime}", pascal(argument)));
    for Member { name, kind, .. } in &argument.members {
        let name = field(name);
        let type_ = match kind {
            MemberKind::Has | MemberKind::Flag => "bool",
            MemberKind::Int(int) => int.kind.rust(),
            MemberKind::Text => "Option<genl::export::CText<'c>>",
            MemberKind::Bytes => "genl::export::CBytes<'c>",
        };
        text.line(format!("{name}: {type_},"));
    }
    text.close("");
}

/// The Rust name of a member: as in C, but for keywords.
fn field(name: &str) -> String {
    crate::name::Name::new(name).snake()
}

/// What the compiler has to find out about the struct, or it is not that of C.
fn render_layout(text: &mut Text, argument: &Argument<'_>) {
    let type_ = elided(argument);
    text.gap();
    text.line("// As the C compiler checks in `exports.c`.");
    text.line("#[cfg(CONFIG_64BIT)]");
    text.open("const _: () =");
    text.line(format!(
        "assert!(size_of::<{type_}>() == {});",
        argument.size
    ));
    for Member { name, offset, .. } in &argument.members {
        text.line(format!(
            "assert!(core::mem::offset_of!({type_}, {}) == {offset});",
            field(name)
        ));
    }
    text.close(";");
}

fn render_fill(text: &mut Text, family: &Family, argument: &Argument<'_>) {
    let content = family[argument.event.message].name.pascal();
    let message = format!("generated::{content}<M>");
    text.gap();
    text.open(format!("impl {}", elided(argument)));
    text.line("/// Puts what is there.");
    text.signature(
        "fn fill<M: genl::Put>",
        &["&self", &format!("mut message: {message}")],
        &format!(" -> Result<{message}> {{"),
    );
    for Member {
        name, attr, kind, ..
    } in &argument.members
    {
        let (setter, has) = (attr.name.snake(), field(&format!("has_{name}")));
        let name = field(name);
        match kind {
            MemberKind::Has => continue,
            MemberKind::Int(int) => {
                text.open(format!("if self.{has}"));
                let value = value(family, int, &format!("self.{name}"));
                text.line(format!("message = message.{setter}({value})?;"));
            }
            MemberKind::Flag => {
                text.line(format!("message = message.{setter}(self.{name})?;"));
                continue;
            }
            MemberKind::Text => {
                text.open(format!("if let Some(text) = &self.{name}"));
                let given = match &attr.kind {
                    AttrKind::String(string) if string.unterminated_ok => {
                        "text.as_cstr().to_bytes()"
                    }
                    _ => "text.as_cstr()",
                };
                text.line(format!("message = message.{setter}({given})?;"));
            }
            MemberKind::Bytes => {
                text.open(format!("if let Some(bytes) = self.{name}.as_bytes()"));
                text.line(format!("message = message.{setter}(bytes)?;"));
            }
        }
        text.close("");
    }
    text.line("Ok(message)");
    text.close("");
    text.close("");
}

/// An integer as the setter takes it: what the family calls it, where it has names.
fn value(family: &Family, int: &Int, given: &str) -> String {
    let Some(names) = named(family, int) else {
        return given.to_owned();
    };
    let definition = &family[names.id];
    if names.as_flags {
        let name = flags_type(definition);
        format!("generated::{name}::from_bits({})", bits(int, given))
    } else {
        let name = definition.name.pascal();
        let number = number(int, repr(definition), given);
        format!("generated::{name}::from_value({number}).ok_or(EINVAL)?")
    }
}

/// The bits of an integer, as `u64`; the sign of a narrow one is one of them.
fn bits(int: &Int, given: &str) -> String {
    match int.kind.rust() {
        "u64" => given.to_owned(),
        "i64" => format!("{given} as u64"),
        rust if int.kind.signed() => format!("u64::from({given} as {})", rust.replace('i', "u")),
        _ => format!("{given}.into()"),
    }
}

/// The number that an integer is, as a `repr`.
fn number(int: &Int, repr: &str, given: &str) -> String {
    match (int.kind.rust(), repr) {
        (rust, repr) if rust == repr => given.to_owned(),
        ("u64", _) => format!("{given}.try_into().map_err(|_| EINVAL)?"),
        (_, "u64") if int.kind.signed() => format!("{given}.try_into().map_err(|_| EINVAL)?"),
        _ => format!("{given}.into()"),
    }
}

fn render_function(text: &mut Text, argument: &Argument<'_>, way: Way) {
    let function = way.of(&argument.function);
    let event = format!("event: &{}", elided(argument));
    let mut parameters = match way {
        Way::Group => vec!["net: &genl::Net"],
        Way::All => vec![],
        Way::Port => vec!["portid: u32", "net: &genl::Net"],
    };
    let fill = match argument.members.is_empty() {
        true => "Ok",
        false => {
            parameters.push(&event);
            "|message| event.fill(message)"
        }
    };
    parameters.push("gfp: genl::export::Gfp");
    let call = match way {
        Way::Group => format!("(net, gfp.flags(), {fill})"),
        Way::All => format!("(gfp.flags(), {fill})"),
        Way::Port => format!("(portid, net, gfp.flags(), {fill})"),
    };
    let call = format!("generated::{}{call}", way.of_rust(&argument.event.name));
    text.gap();
    text.line(format!("/// `{function}()`."));
    text.line("#[expect(unsafe_code, reason = \"C finds it by its name\")]");
    text.line("#[no_mangle]");
    let head = format!("extern \"C\" fn {function}");
    match way {
        Way::Group | Way::All => {
            text.signature(&head, &parameters, " {");
            text.line(format!("{call};"));
        }
        Way::Port => {
            text.signature(&head, &parameters, " -> c_int {");
            text.line(format!("genl::export::status({call})"));
        }
    }
    text.close("");
}
