//! The family itself, and how the core's callbacks reach the trait that serves it.

mod dump;
mod item_len;

pub(in crate::emit) use dump::is_liberal;
pub(super) use dump::{cursor, item_len, items};
pub(super) use item_len::longest;

use super::definitions::reply_const;
use super::text::Text;
use super::{conditions, interface, permission, policy};
use crate::model::{Call, DontValidate, Family, Op, StructId};

pub(super) fn render(text: &mut Text, family: &Family) {
    render_family(text, family);
    render_served(text, family);
    interface::render(text, family);
    for op in ascending(family) {
        if let Some(call) = &op.do_ {
            render_do(text, family, op, call);
        }
        if let Some(call) = &op.dump {
            dump::render(text, family, op, call);
        }
    }
}

/// The operations, as the core wants its table sorted.
pub(in crate::emit) fn ascending(family: &Family) -> Vec<&Op> {
    let mut ops: Vec<_> = family.ops.iter().collect();
    ops.sort_by_key(|op| op.cmd);
    ops
}

/// The header that all messages of the family have, if any.
pub(in crate::emit) fn header(family: &Family) -> Option<StructId> {
    family.messages.iter().find_map(|message| message.header)
}

fn render_family(text: &mut Text, family: &Family) {
    text.gap();
    if family.groups.is_empty() {
        text.line("static GROUPS: [genl::Group; 0] = [];");
    } else {
        let count = family.groups.len();
        text.open_list(&format!("static GROUPS: [genl::Group; {count}] = ["));
        for (at, group) in family.groups.iter().enumerate() {
            let name = format!("c\"{}\"", group.name);
            // The comment keeps rustfmt from joining the lines.
            let tail = if at + 1 == count { ", //" } else { "," };
            let arguments = [name.as_str(), permission(group.permission)];
            text.call("genl::Group::new", &arguments, tail);
        }
        text.close_list("];");
    }
    text.gap();
    let name = format!("c\"{}\"", family.name);
    let version = family.version.to_string();
    let resv_start_op = family.resv_start_op.to_string();
    let header = header(family).map(|header| format!("{}::SIZE", family[header].name.pascal()));
    let (new, header) = match &header {
        Some(header) => ("with_header", Some(header.as_str())),
        None => ("new", None),
    };
    let arguments = [name.as_str(), &version, &resv_start_op];
    let arguments: Vec<_> = arguments
        .into_iter()
        .chain(header)
        .chain(["&GROUPS"])
        .collect();
    text.call(
        &format!("static FAMILY: genl::Family = genl::Family::{new}"),
        &arguments,
        ";",
    );
}

fn render_served(text: &mut Text, family: &Family) {
    text.gap();
    text.line("/// The family, served by `H`.");
    text.line("pub struct Served<H>(PhantomData<H>);");
    text.gap();
    text.open("impl<H: Handler> genl::Serve for Served<H>");
    text.line("type Handler = H;");
    text.gap();
    let rows: Vec<_> = ascending(family)
        .into_iter()
        .flat_map(|op| {
            let modes = [("do", op.do_.is_some()), ("dump", op.dump.is_some())];
            modes.map(|(mode, present)| present.then_some((op, mode)))
        })
        .flatten()
        .collect();
    text.open_list("const OPS: &'static [genl::SplitOp<H>] = &[");
    for (at, (op, mode)) in rows.iter().enumerate() {
        let tail = if at + 1 == rows.len() { " //" } else { "" };
        conditions::of_op(text, op);
        let call = marker(op);
        text.line(format!("genl::SplitOp::new_{mode}::<{call}>(),{tail}"));
    }
    text.close_list("];");
    text.gap();
    text.open("fn family() -> &'static genl::Family");
    text.line("&FAMILY");
    text.close("");
    text.close("");
}

/// The type that stands for an operation.
fn marker(op: &Op) -> String {
    format!("genl::Call<{{ cmd::{} }}>", op.name.shouty())
}

/// The name of the type that `<op>_pre` gives.
pub(super) fn guard(op: &Op) -> String {
    format!("{}Guard", op.name.pascal())
}

fn render_do(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    text.gap();
    conditions::of_op(text, op);
    text.open(format!("impl<H: Handler> genl::Do<H> for {}", marker(op)));
    render_row(text, family, op, call);
    if op.dont_validate.contains(&DontValidate::Strict) {
        text.line("const LIBERAL: bool = true;");
    }
    text.gap();
    let has_request = interface::takes_request(family, call);
    let parameters = [
        "handler: &H",
        request_parameter(has_request),
        "op: &genl::Op<'r>",
    ];
    let result = " -> Result<Option<genl::Replied<'r>>> {";
    text.signature("fn run<'r>", &parameters, result);
    let mut arguments = Vec::new();
    if has_request {
        let view = family[call.request].name.pascal();
        text.line(format!("let request = {view}::parse(request, op)?;"));
        arguments.push("request");
    }
    if let Some(reply) = call.reply {
        let content = family[reply.message].name.pascal();
        let cmd = reply_cmd(family, op, reply.cmd);
        text.line(format!(
            "let reply = {content}(genl::Reply::new(op, {cmd})?);"
        ));
        arguments.push("reply");
    }
    if call.pre.is_some() {
        let pre = op.name.join("pre").snake();
        let request = has_request.then_some("&request");
        let given: Vec<_> = request.into_iter().chain(["op"]).collect();
        text.chain("let mut guard = ", "handler", &[(&pre, &given)], "?;");
        arguments.push("&mut guard");
    }
    arguments.push("op");
    render_served_do(text, op, call, &arguments);
    text.close("");
    text.close("");
}

/// The handler's call, and what follows it.
fn render_served_do(text: &mut Text, op: &Op, call: &Call, arguments: &[&str]) {
    let method = op.name.snake();
    let serve: (&str, &[&str]) = (&method, arguments);
    let replied: (&str, &[&str]) = match call.reply {
        Some(_) => ("map", &["Some"]),
        None => ("map", &["|()| None"]),
    };
    if call.post.is_none() {
        return match call.reply {
            Some(_) => text.chain("", "handler", &[serve, replied], ""),
            None => {
                text.chain("", "handler", &[serve], "?;");
                text.line("Ok(None)");
            }
        };
    }
    text.chain("let outcome = ", "handler", &[serve], ";");
    let post = op.name.join("post").snake();
    let guard = call.pre.is_some().then_some("guard");
    let given: Vec<_> = guard.into_iter().chain(["op"]).collect();
    text.chain("", "handler", &[(&post, &given)], ";");
    text.chain("", "outcome", &[replied], "");
}

fn request_parameter(is_used: bool) -> &'static str {
    match is_used {
        true => "request: genl::Request<'r>",
        false => "_request: genl::Request<'r>",
    }
}

/// A reply's command: the operation's own, as a rule.
fn reply_cmd(family: &Family, op: &Op, cmd: u8) -> String {
    match cmd == op.cmd {
        true => format!("cmd::{}", op.name.shouty()),
        false => format!("cmd::{}", reply_const(family, op)),
    }
}

/// What a row of the core's table has, of a do and a dump alike.
fn render_row(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    text.line(format!("const CMD: u8 = cmd::{};", op.name.shouty()));
    let permission = permission(op.permission);
    text.line(format!(
        "const PERMISSION: genl::Permission = {permission};"
    ));
    policy::render_policy(text, family, op, call);
}
