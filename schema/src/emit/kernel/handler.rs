//! The family itself, the trait that serves it, and how the core's callbacks reach the trait.

use super::text::Text;
use super::{interface, permission, policy};
use crate::model::{AttrKind, Call, Family, Message, Op};

pub(super) fn render(text: &mut Text, family: &Family) {
    render_family(text, family);
    render_served(text, family);
    interface::render(text, family);
    for op in ascending(family) {
        if let Some(call) = &op.do_ {
            render_do(text, family, op, call);
        }
        if let Some(call) = &op.dump {
            render_dump(text, family, op, call);
        }
    }
}

/// The operations, as the core wants its table sorted.
pub(super) fn ascending(family: &Family) -> Vec<&Op> {
    let mut ops: Vec<_> = family.ops.iter().collect();
    ops.sort_by_key(|op| op.cmd);
    ops
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
    let arguments = [name.as_str(), &version, &resv_start_op, "&GROUPS"];
    text.call(
        "static FAMILY: genl::Family = genl::Family::new",
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
    text.open_list("const OPS: &'static [genl::SplitOp<H>] = &[");
    let mut rows = Vec::new();
    for op in ascending(family) {
        let call = marker(op);
        let modes = [("do", op.do_.is_some()), ("dump", op.dump.is_some())];
        for (mode, _) in modes.iter().filter(|(_, present)| *present) {
            rows.push(format!("genl::SplitOp::new_{mode}::<{call}>(),"));
        }
    }
    if let Some(last) = rows.last_mut() {
        last.push_str(" //");
    }
    for row in rows {
        text.line(row);
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

pub(super) fn cursor(op: &Op) -> String {
    format!("{}Cursor", op.name.pascal())
}

pub(super) fn item_len(op: &Op) -> String {
    format!("{}_ITEM_LEN", op.name.shouty())
}

/// What the items of a dump carry, and their command.
pub(super) fn item<'f>(family: &'f Family, op: &Op, call: &Call) -> (&'f Message, String) {
    let reply = call.reply.expect("resolve lets no dump be without a reply");
    (&family[reply.message], reply_cmd(op, reply.cmd))
}

fn render_do(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    text.gap();
    text.open(format!("impl<H: Handler> genl::Do<H> for {}", marker(op)));
    render_numbers(text, family, op, call);
    text.gap();
    let has_request = interface::takes_request(family, call);
    let parameters = [
        "handler: &H",
        match has_request {
            true => "request: genl::Request<'r>",
            false => "_request: genl::Request<'r>",
        },
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
        let cmd = reply_cmd(op, reply.cmd);
        text.line(format!(
            "let reply = {content}(genl::Reply::new(op, {cmd})?);"
        ));
        arguments.push("reply");
    }
    arguments.push("op");
    let method = op.name.snake();
    match call.reply {
        Some(_) => {
            let calls: [(&str, &[&str]); 2] = [(&method, &arguments), ("map", &["Some"])];
            text.chain("", "handler", &calls, "");
        }
        None => {
            text.chain("", "handler", &[(&method, &arguments)], "?;");
            text.line("Ok(None)");
        }
    }
    text.close("");
    text.close("");
}

/// A reply's command: the operation's own, as a rule.
fn reply_cmd(op: &Op, cmd: u8) -> String {
    match cmd == op.cmd {
        true => format!("cmd::{}", op.name.shouty()),
        false => cmd.to_string(),
    }
}

fn render_numbers(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    text.line(format!("const CMD: u8 = cmd::{};", op.name.shouty()));
    let permission = permission(op.permission);
    text.line(format!(
        "const PERMISSION: genl::Permission = {permission};"
    ));
    policy::render_policy(text, family, op, call);
}

fn render_dump(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    let (message, cmd) = item(family, op, call);
    let content = message.name.pascal();
    let len = match longest(family, message) {
        Some(len) => len.to_string(),
        None => format!("H::{}", item_len(op)),
    };
    text.gap();
    text.open(format!("impl<H: Handler> genl::Dump<H> for {}", marker(op)));
    render_numbers(text, family, op, call);
    text.line(format!("const ITEM_CMD: u8 = {cmd};"));
    text.line(format!("const ITEM_LEN: usize = {len};"));
    text.line(format!("type Cursor = H::{};", cursor(op)));
    text.gap();
    let has_request = interface::takes_request(family, call);
    let parameters = [
        "handler: &H",
        match has_request {
            true => "request: genl::Request<'r>",
            false => "_request: genl::Request<'r>",
        },
        "op: &genl::Op<'r>",
    ];
    text.signature("fn start<'r>", &parameters, " -> Result<Self::Cursor> {");
    let method = op.name.join("dump-start").snake();
    if has_request {
        let view = family[call.request].name.pascal();
        text.line(format!("let request = {view}::parse(request, op)?;"));
        text.chain("", "handler", &[(&method, &["request", "op"])], "");
    } else {
        text.chain("", "handler", &[(&method, &["op"])], "");
    }
    text.close("");
    text.gap();
    let parameters = [
        "handler: &H",
        "items: genl::Items<'_, Self::Cursor>",
        "op: &genl::Op<'_>",
    ];
    text.signature("fn fill", &parameters, " -> Result {");
    let method = op.name.join("dump").snake();
    let items = format!("{}(items)", items(op));
    text.chain("", "handler", &[(&method, &[&items, "op"])], "");
    text.close("");
    text.close("");
    render_items(text, op, &content);
}

/// The type by which a handler adds the items of a dump.
pub(super) fn items(op: &Op) -> String {
    format!("{}Items", op.name.pascal())
}

fn render_items(text: &mut Text, op: &Op, content: &str) {
    let name = items(op);
    text.gap();
    text.line(format!(
        "/// The chunk of a dump of `{}` that is being filled.",
        op.name
    ));
    text.line(format!("pub struct {name}<'d, C>(genl::Items<'d, C>);"));
    text.gap();
    text.open(format!("impl<C> {name}<'_, C>"));
    text.line("/// Where the dump stands.");
    text.open("pub fn cursor(&self) -> &C");
    text.line("self.0.cursor()");
    text.close("");
    text.gap();
    text.line("/// Tells at which revision of the data this chunk is taken; see");
    text.line("/// [`genl::Items::consistent_at`].");
    text.open("pub fn consistent_at(&mut self, revision: u64)");
    text.line("self.0.consistent_at(revision)");
    text.close("");
    text.gap();
    text.line(
        "/// Adds an item that `fill` fills, and lets `advance` move the cursor past it; see",
    );
    text.line("/// [`genl::Items::add`].");
    let filled = format!("{content}<genl::Item<'i>>");
    let parameters = ["&mut self", "fill: F", "advance: impl FnOnce(&mut C)"];
    text.signature("pub fn add<F>", &parameters, " -> Result");
    text.line("where");
    text.line(format!(
        "    F: for<'i> FnOnce({filled}) -> Result<{filled}>,"
    ));
    text.open_brace();
    let fill = format!("|item| Ok(fill({content}(item))?.0)");
    text.chain("", "self.0", &[("add", &[&fill, "advance"])], "");
    text.close("");
    text.gap();
    text.line("/// Lets `advance` move the cursor past what the dump leaves out.");
    text.open("pub fn skip(&mut self, advance: impl FnOnce(&mut C))");
    text.line("self.0.skip(advance)");
    text.close("");
    text.close("");
}

/// The longest that the attributes of a message can be, if the spec limits them all.
pub(super) fn longest(family: &Family, message: &Message) -> Option<usize> {
    let attrs = message
        .fields
        .iter()
        .map(|field| family.attr(message, field));
    longest_of(family, attrs, 0)
}

fn longest_of<'f>(
    family: &'f Family,
    attrs: impl Iterator<Item = &'f crate::model::Attr>,
    depth: usize,
) -> Option<usize> {
    const HEADER: usize = 4;
    // A set that contains itself has no longest message; the core follows nests ten deep.
    if depth == 10 {
        return None;
    }
    let mut sum = 0;
    for attr in attrs {
        let payload = match &attr.kind {
            _ if attr.multi => return None,
            AttrKind::Flag | AttrKind::Pad | AttrKind::Unused => 0,
            // And a pad attribute before it.
            AttrKind::Int(_) | AttrKind::Bitfield32(_) => 8 + HEADER,
            AttrKind::String(string) => usize::from(string.len.max?) + 1,
            AttrKind::Binary(binary) => usize::from(binary.len.max?),
            AttrKind::Nest(set) => longest_of(family, family[*set].attrs.iter(), depth + 1)?,
            AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => return None,
        };
        sum += HEADER + payload.next_multiple_of(4);
    }
    Some(sum)
}
