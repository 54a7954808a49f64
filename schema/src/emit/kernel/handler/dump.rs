//! Operations that are answered by many messages.

use super::super::text::Text;
use super::super::{conditions, interface};
use super::{longest, marker, render_row, reply_cmd, request_parameter};
use crate::model::{Call, DontValidate, Family, KernelPolicy, Op};

/// The name of the type that says where a dump stands.
pub(in super::super) fn cursor(op: &Op) -> String {
    format!("{}Cursor", op.name.pascal())
}

/// The name of the constant for the length of an item.
pub(in super::super) fn item_len(op: &Op) -> String {
    format!("{}_ITEM_LEN", op.name.shouty())
}

/// The type by which a handler adds the items of a dump.
pub(in super::super) fn items(op: &Op) -> String {
    format!("{}Items", op.name.pascal())
}

pub(super) fn render(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    let cmd = match call.reply {
        Some(reply) => reply_cmd(family, op, reply.cmd),
        None => format!("cmd::{}", op.name.shouty()),
    };
    let len = match longest(family, call) {
        Some(len) => len.to_string(),
        None => format!("H::{}", item_len(op)),
    };
    text.gap();
    conditions::of_op(text, op);
    text.open(format!("impl<H: Handler> genl::Dump<H> for {}", marker(op)));
    render_row(text, family, op, call);
    if is_liberal(family, op) {
        text.line("const LIBERAL: bool = true;");
    }
    text.line(format!("const ITEM_CMD: u8 = {cmd};"));
    text.line(format!("const ITEM_LEN: usize = {len};"));
    text.line(format!("type Cursor = H::{};", cursor(op)));
    if call.post.is_some() {
        let done = op.name.join("dump-done").snake();
        let type_ = "fn(&H, Self::Cursor, &genl::Net)";
        text.line(format!("const DONE: Option<{type_}> = Some(H::{done});"));
    }
    text.gap();
    render_start(text, family, op, call);
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
    render_items(text, family, op, call);
}

/// What the core calls such a request is taken, whatever is wrong with its attributes.
///
/// Where operations share a policy, `dump` means that the core takes none for a dump.
pub(in crate::emit) fn is_liberal(family: &Family, op: &Op) -> bool {
    op.dont_validate.iter().any(|flag| match flag {
        DontValidate::DumpStrict => true,
        DontValidate::Dump => family.kernel.policy != KernelPolicy::Split,
        DontValidate::Strict => false,
    })
}

fn render_start(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    let has_request = interface::takes_request(family, call);
    let parameters = [
        "handler: &H",
        request_parameter(has_request),
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
}

fn render_items(text: &mut Text, family: &Family, op: &Op, call: &Call) {
    let name = items(op);
    text.gap();
    text.line(format!(
        "/// The chunk of a dump of `{}` that is being filled.",
        op.name
    ));
    conditions::of_op(text, op);
    text.line(format!("pub struct {name}<'d, C>(genl::Items<'d, C>);"));
    text.gap();
    conditions::of_op(text, op);
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
    match call.reply {
        Some(reply) => render_add(text, &family[reply.message].name.pascal()),
        None => render_add_empty(text),
    }
    text.gap();
    text.line("/// Lets `advance` move the cursor past what the dump leaves out.");
    text.open("pub fn skip(&mut self, advance: impl FnOnce(&mut C))");
    text.line("self.0.skip(advance)");
    text.close("");
    text.close("");
}

fn render_add(text: &mut Text, content: &str) {
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
}

/// Of an item of which the spec says nothing.
fn render_add_empty(text: &mut Text) {
    text.line("/// Adds an item, which has no attributes, and lets `advance` move the cursor past it; see");
    text.line("/// [`genl::Items::add`].");
    let parameters = ["&mut self", "advance: impl FnOnce(&mut C)"];
    text.signature("pub fn add", &parameters, " -> Result {");
    text.chain("", "self.0", &[("add", &["Ok", "advance"])], "");
    text.close("");
}
