//! Functions that send what the kernel says of its own accord.

use super::text::Text;
use crate::model::{Event, Family};

pub(super) fn render(text: &mut Text, family: &Family) {
    for event in &family.events {
        if let Some(group) = event.group {
            let group = &family[group].name;
            let number = format!("group::{}", group.shouty());
            render_function(
                text,
                family,
                event,
                &Function {
                    suffix: "",
                    method: "multicast",
                    arguments: &[&number, "net"],
                    parameters: &["net: &genl::Net"],
                    fails: false,
                    says: &[&format!(
                        "Goes to the group `{group}` in `net`; see [`genl::Family::multicast`]."
                    )],
                },
            );
            render_function(
                text,
                family,
                event,
                &Function {
                    suffix: "all",
                    method: "multicast_all",
                    arguments: &[&number],
                    parameters: &[],
                    fails: false,
                    says: &[&format!(
                        "Goes to the group `{group}` in all namespaces; see [`genl::Family::multicast_all`]."
                    )],
                },
            );
            render_function(
                text,
                family,
                event,
                &Function {
                    suffix: "for",
                    method: "notify",
                    arguments: &[&number, "op"],
                    parameters: &["op: &genl::Op<'_>"],
                    fails: true,
                    says: &[
                        &format!(
                            "Goes to the group `{group}` where `op` came from, and to the sender of `op` if that"
                        ),
                        "asked to be told; see [`genl::Family::notify`].",
                    ],
                },
            );
        }
        render_function(
            text,
            family,
            event,
            &Function {
                suffix: "to",
                method: "unicast",
                arguments: &["portid", "net"],
                parameters: &["portid: u32", "net: &genl::Net"],
                fails: true,
                says: &["Goes to one port in `net`; see [`genl::Family::unicast`]."],
            },
        );
    }
}

/// One of the functions that send an event.
struct Function<'a> {
    /// What its name has behind the event's.
    suffix: &'a str,
    /// The method of the family that it calls.
    method: &'a str,
    /// What it passes on before the command.
    arguments: &'a [&'a str],
    /// What it takes before the flags.
    parameters: &'a [&'a str],
    fails: bool,
    /// The rest of its documentation.
    says: &'a [&'a str],
}

fn render_function(text: &mut Text, family: &Family, event: &Event, function: &Function<'_>) {
    let name = match function.suffix {
        "" => event.name.snake(),
        suffix => event.name.join(suffix).snake(),
    };
    let content = family[event.message].name.pascal();
    let filled = format!("{content}<genl::Event<'e>>");
    text.gap();
    text.docs(&event.doc, &format!("The event `{}`.", event.name));
    text.line("///");
    for line in function.says {
        text.line(format!("/// {line}"));
    }
    let mut parameters = function.parameters.to_vec();
    parameters.extend(["flags: kernel::alloc::Flags", "fill: F"]);
    let result = if function.fails { " -> Result" } else { "" };
    text.signature(&format!("pub fn {name}<F>"), &parameters, result);
    text.line("where");
    text.line(format!(
        "    F: for<'e> FnOnce({filled}) -> Result<{filled}>,"
    ));
    text.open_brace();
    let cmd = format!("cmd::{}", event.name.shouty());
    let fill = format!("|event| Ok(fill({content}(event))?.0)");
    let mut arguments = function.arguments.to_vec();
    arguments.extend([cmd.as_str(), "flags", &fill]);
    let tail = if function.fails { "" } else { ";" };
    text.chain("", "FAMILY", &[(function.method, &arguments)], tail);
    text.close("");
}
