//! What a module has besides `generated.rs`, to begin with: it compiles as it is, registers the
//! family, and answers each request that its policy lets through with EOPNOTSUPP.
//!
//! From then on the files are the author's own, and nothing writes to them again.

use super::conditions;
use super::interface::{self, Item, ItemKind};
use super::text::Text;
use crate::model::Family;

/// Room for an item of a dump whose length the spec does not limit, in bytes.
const ITEM_LEN: usize = 4096;

/// Renders `MODULE_main.rs`, the root file of the crate.
pub fn root(family: &Family, module: &str) -> String {
    let name = &family.name;
    let mut text = Text::default();
    text.line("// SPDX-License-Identifier: GPL-2.0");
    text.gap();
    text.line(format!("//! The generic netlink family `{name}`."));
    text.line("//!");
    text.line("//! `generated.rs` is made from the family's spec; `handlers.rs` serves it.");
    text.gap();
    text.line("#![allow(");
    text.line("    unreachable_pub,");
    text.line("    reason = \"a module's code is reached by the kernel, not by crates\"");
    text.line(")]");
    text.line("#![deny(");
    text.line("    unused_must_use,");
    text.line("    reason = \"an error that is dropped is one that nobody hears of\"");
    text.line(")]");
    text.gap();
    text.line("use kernel::prelude::*;");
    text.gap();
    text.line("#[allow(dead_code, reason = \"a family needs but a part of it\")]");
    text.line("mod generated;");
    text.line("#[allow(dead_code, unused_imports, reason = \"a family needs but a part of it\")]");
    text.line("#[path = \"../genl/mod.rs\"]");
    text.line("mod genl;");
    text.line("mod handlers;");
    text.gap();
    text.open("module!");
    text.line("type: genl::Module<generated::Served<handlers::State>>,");
    text.line(format!("name: \"{module}\","));
    text.line(format!("authors: [\"The authors of {name}\"],"));
    text.line(format!(
        "description: \"The generic netlink family {name}\","
    ));
    text.line("license: \"GPL\",");
    text.line(format!("alias: [\"net-pf-16-proto-16-family-{name}\"],"));
    text.close("");
    text.into_string()
}

/// Renders `Kbuild`.
pub fn kbuild(module: &str) -> String {
    format!(
        "# SPDX-License-Identifier: GPL-2.0\n\
         \n\
         obj-m := {module}.o\n\
         {module}-y := {module}_main.o shim.o\n\
         \n\
         # Each module links its own copy of the runtime's C part.\n\
         $(obj)/shim.o: $(src)/../genl/shim.c FORCE\n\
         \t$(call if_changed_rule,cc_o_c)\n"
    )
}

/// Renders `handlers.rs`.
pub fn handlers(family: &Family) -> String {
    let mut text = Text::default();
    text.line("// SPDX-License-Identifier: GPL-2.0");
    text.gap();
    text.line("//! What serves the family.");
    text.gap();
    text.open_list("use crate::{");
    text.line("generated,");
    text.line("genl, //");
    text.close_list("};");
    text.line("use kernel::prelude::*;");
    text.gap();
    text.line("/// What the family keeps for each network namespace.");
    text.line("pub struct State;");
    text.gap();
    text.open("impl genl::PerNet for State");
    text.open("fn init(_net: &genl::Net) -> impl PinInit<Self, Error>");
    text.line("Ok(Self)");
    text.close("");
    text.close("");
    text.gap();
    text.open("impl generated::Handler for State");
    for item in interface::of(family) {
        let separate = matches!(item.kind, ItemKind::Method(_));
        if separate {
            text.gap();
        }
        render_item(&mut text, &item);
    }
    text.close("");
    text.into_string()
}

fn render_item(text: &mut Text, Item { name, kind, op, .. }: &Item<'_>) {
    conditions::of_op(text, op);
    match kind {
        ItemKind::Type => text.line(format!("type {name} = ();")),
        ItemKind::Guard => text.line(format!("type {name}<'h> = ();")),
        ItemKind::Len => text.line(format!("const {name}: usize = {ITEM_LEN};")),
        ItemKind::Method(method) => {
            method.render(text, name, "generated::", "_", " {");
            if method.result.is_some() {
                text.line("Err(EOPNOTSUPP)");
            }
            text.close("");
        }
    }
}
