//! The C side: the header, and the file that exports the functions.

use super::{Argument, Member, MemberKind, Way, arguments, header_name, ways};
use crate::emit::Origin;
use crate::emit::uapi::comment::{comment, kernel_doc, kernel_doc_of_function};
use crate::model::{Family, Int, IntKind};

/// Renders the header that other modules include.
pub fn header(family: &Family, origin: Origin<'_>) -> String {
    let guard = format!("_{}_EVENTS_H", family.name.shouty());
    let mut parts = vec![
        format!(
            "/* SPDX-License-Identifier: GPL-2.0 */\n{}{}",
            comment(&origin.to_string(), &[]),
            comment(
                &format!(
                    "The events of the family {}, for other modules to send.",
                    family.name
                ),
                &[]
            ),
        ),
        format!("#ifndef {guard}\n#define {guard}\n"),
        "#include <linux/types.h>\n".to_owned(),
        "struct net;\n".to_owned(),
    ];
    for argument in arguments(family) {
        if !argument.members.is_empty() {
            parts.push(structure(&argument));
        }
        let ways = ways(argument.event).iter();
        parts.extend(ways.map(|way| declaration(family, &argument, *way)));
    }
    parts.push(format!("#endif /* {guard} */\n"));
    parts.join("\n")
}

/// Renders `exports.c`: it exports what Rust defines, as the macro exists in C only.
pub fn source(family: &Family, origin: Origin<'_>) -> String {
    let mut text = format!(
        "// SPDX-License-Identifier: GPL-2.0\n{}\
         #include <linux/build_bug.h>\n#include <linux/export.h>\n#include <linux/stddef.h>\n\n\
         #include \"{}\"\n",
        comment(&origin.to_string(), &[]),
        header_name(family)
    );
    text.push_str("\n#ifdef CONFIG_64BIT\n");
    for argument in arguments(family).filter(|argument| !argument.members.is_empty()) {
        let tag = format!("struct {}", argument.function);
        text.push_str(&format!(
            "static_assert(sizeof({tag}) == {});\n",
            argument.size
        ));
        for Member { name, offset, .. } in &argument.members {
            text.push_str(&format!(
                "static_assert(offsetof({tag}, {name}) == {offset});\n"
            ));
        }
    }
    text.push_str("#endif\n\n");
    for argument in arguments(family) {
        for way in ways(argument.event) {
            let name = way.of(&argument.function);
            text.push_str(&format!("EXPORT_SYMBOL_GPL({name});\n"));
        }
    }
    text
}

fn structure(argument: &Argument<'_>) -> String {
    let mut docs = Vec::new();
    let mut body = String::new();
    for member in &argument.members {
        let name = &member.name;
        let doc = match member.attr.doc.trim() {
            "" => format!("The attribute {}.", member.attr.name),
            doc => doc.to_owned(),
        };
        let (line, words) = match &member.kind {
            MemberKind::Has => {
                let value = name.trim_start_matches("has_");
                (
                    format!("bool {name}"),
                    format!("Whether @{value} is to be sent."),
                )
            }
            MemberKind::Int(int) => (format!("{} {name}", c_type(int)), doc),
            MemberKind::Flag => (format!("bool {name}"), doc),
            MemberKind::Text => (
                format!("const char *{name}"),
                format!("{doc} Ends in NUL; NULL if there is none."),
            ),
            MemberKind::Bytes => (
                format!("const void *{name}"),
                format!("{doc} NULL if there are none."),
            ),
        };
        docs.push((name.clone(), words));
        body.push_str(&format!("\t{line};\n"));
        if let MemberKind::Bytes = member.kind {
            docs.push((
                format!("{name}_len"),
                format!("How many bytes @{name} has."),
            ));
            body.push_str(&format!("\tsize_t {name}_len;\n"));
        }
    }
    let docs: Vec<_> = docs
        .iter()
        .map(|(name, words)| (name.as_str(), words.trim()))
        .collect();
    let mut what = format!("What the event {} carries.", argument.event.name);
    if !argument.left_out.is_empty() {
        let names: Vec<_> = argument
            .left_out
            .iter()
            .map(|attr| attr.name.as_str())
            .collect();
        what.push_str(&format!(" Cannot be sent from C: {}.", names.join(", ")));
    }
    let tag = &argument.function;
    format!(
        "{}struct {tag} {{\n{body}}};\n",
        kernel_doc("struct", tag, &what, &docs)
    )
}

fn declaration(family: &Family, argument: &Argument<'_>, way: Way) -> String {
    let mut parameters = Vec::new();
    let net = "struct net *net";
    match way {
        Way::Group => {
            parameters.push((net, "The network namespace in which it is heard; not NULL."))
        }
        Way::All => (),
        Way::Port => parameters.extend([
            ("u32 portid", "The netlink port."),
            (net, "The network namespace in which the port is; not NULL."),
        ]),
    }
    let event = format!("const struct {} *event", argument.function);
    if !argument.members.is_empty() {
        parameters.push((event.as_str(), "What it carries; not NULL."));
    }
    parameters.push((
        "gfp_t gfp",
        "How to allocate: GFP_KERNEL, or GFP_ATOMIC where one must not sleep.",
    ));

    let name = &argument.event.name;
    let group = argument
        .event
        .group
        .map(|group| family[group].name.to_string())
        .unwrap_or_default();
    let does = match way {
        Way::Group => format!("Send the event {name} to the group {group} of one namespace."),
        Way::All => format!("Send the event {name} to the group {group} of all namespaces."),
        Way::Port => format!("Send the event {name} to one port."),
    };
    let fails = match way {
        Way::Group | Way::All => {
            "It is no error if nobody listens. Listeners that the event cannot reach are told that \
             they have lost something."
        }
        Way::Port => {
            "Return: 0; -ECONNREFUSED if nobody has the port, -EAGAIN if its queue is full, -EINVAL \
             for port 0 or a value that the family does not know, -EMSGSIZE for an attribute of \
             64 KiB or more, -ENODEV if the family is not registered, -ENOMEM."
        }
    };
    let context = "Context: Any, but hard interrupts. May sleep with GFP_KERNEL.";
    let mut more = vec![context.to_owned(), fails.to_owned()];
    if matches!(way, Way::Group | Way::All) {
        more.reverse();
    }
    if !argument.event.doc.trim().is_empty() {
        more.insert(0, argument.event.doc.trim().to_owned());
    }
    let function = way.of(&argument.function);
    let names: Vec<_> = parameters
        .iter()
        .map(|(declared, words)| {
            let name = declared.rsplit([' ', '*']).next().unwrap_or(declared);
            (name, *words)
        })
        .collect();
    let result = match way {
        Way::Group | Way::All => "void",
        Way::Port => "int",
    };
    let types: Vec<_> = parameters.iter().map(|(declared, _)| *declared).collect();
    format!(
        "{}{}\n",
        kernel_doc_of_function(&function, &does, &names, &more),
        prototype(&format!("{result} {function}("), &types)
    )
}

/// The prototype, with its parameters below each other where they do not fit a line.
fn prototype(head: &str, parameters: &[&str]) -> String {
    const WIDTH: usize = 80;
    const TAB: usize = 8;
    let indent = "\t".repeat(head.len() / TAB) + &" ".repeat(head.len() % TAB);
    let mut text = head.to_owned();
    let mut column = head.len();
    for (at, parameter) in parameters.iter().enumerate() {
        let last = at + 1 == parameters.len();
        let item = format!("{parameter}{}", if last { ");" } else { "," });
        let space = usize::from(at > 0);
        if at > 0 && column + space + item.len() > WIDTH {
            text.push_str(&format!("\n{indent}"));
            column = head.len();
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        column += item.len();
        text.push_str(&item);
    }
    text
}

fn c_type(int: &Int) -> &'static str {
    match int.kind {
        IntKind::U8 => "u8",
        IntKind::U16 => "u16",
        IntKind::U32 => "u32",
        IntKind::U64 | IntKind::Uint => "u64",
        IntKind::S8 => "s8",
        IntKind::S16 => "s16",
        IntKind::S32 => "s32",
        IntKind::S64 | IntKind::Sint => "s64",
    }
}
