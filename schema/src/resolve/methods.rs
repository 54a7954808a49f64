//! No two methods, or functions, of the generated code may have the same name.
//!
//! Operations become methods, and what the kernel sends becomes functions. A clash is a fault, as
//! nobody would look for a method by another name than the operation's.
//!
//! Of a family of protocol `genetlink-legacy`, whose names are given, it is one only for those who
//! want kernel code, where that alone has the two.

use std::collections::HashMap;

use super::numbers::{Numbered, Operations};
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Protocol;
use crate::name::Name;
use crate::spec;

pub(super) fn check(numbered: &Operations<'_>, protocol: Protocol, faults: &mut Vec<Diagnostic>) {
    let in_kernel = match protocol {
        Protocol::GenetlinkLegacy => Code::NotSupported,
        Protocol::Genetlink | Protocol::GenetlinkC => Code::NameCollision,
    };
    let mut methods = Taken::default();
    let mut functions = Taken::default();
    for op in &numbered.ops {
        if op.spec.do_.is_present() {
            methods.claim(op, "", "the do of", Code::NameCollision, faults);
        }
        if op.spec.dump.is_present() {
            methods.claim(op, "dump", "the dump of", Code::NameCollision, faults);
        }
    }
    for op in &numbered.ops {
        for (more, what) in kernel_methods(op.spec) {
            methods.claim(op, more, what, in_kernel, faults);
        }
        if op.is_async() {
            functions.claim(op, "", "the multicast of", in_kernel, faults);
            let all = "the multicast to all namespaces of";
            functions.claim(op, "all", all, in_kernel, faults);
            functions.claim(op, "for", "the echoed multicast of", in_kernel, faults);
            functions.claim(op, "to", "the unicast of", in_kernel, faults);
        }
    }
}

/// Methods of the kernel's `Handler` that clients do not have.
fn kernel_methods(op: &spec::Op) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if let Some(call) = op.do_.get() {
        let hooks = [
            (&call.pre, ("pre", "the hook before")),
            (&call.post, ("post", "the hook behind")),
        ];
        let present = hooks.into_iter().filter(|(hook, _)| hook.is_present());
        found.extend(present.map(|(_, method)| method));
    }
    if op.dump.is_present() {
        found.push(("dump-start", "the start of the dump of"));
    }
    if op.dump.get().is_some_and(|call| call.post.is_present()) {
        found.push(("dump-done", "the end of the dump of"));
    }
    found
}

/// Names that are taken: by what, of which operation, and where that stands.
#[derive(Default)]
struct Taken<'n>(HashMap<String, (String, &'n str, Span)>);

impl<'n> Taken<'n> {
    /// Takes the name of `op` with `more` behind it; that somebody has it is reported.
    fn claim(
        &mut self,
        op: &Numbered<'n>,
        more: &str,
        what: &str,
        code: Code,
        faults: &mut Vec<Diagnostic>,
    ) {
        let name = match more {
            "" => Name::new(op.name),
            more => Name::new(op.name).join(more),
        };
        let spelling = name.snake();
        let what = format!("{what} `{}`", op.name);
        let Some((other, whose, first)) = self.0.get(&spelling) else {
            self.0.insert(spelling, (what, op.name, op.span));
            return;
        };
        // Operations that are alike themselves have been reported.
        if Name::new(*whose).pascal() == Name::new(op.name).pascal() {
            return;
        }
        let message = format!("{other} and {what} would have the same name");
        let fault = Diagnostic::new(code, op.span, message)
            .label(format!("becomes `{spelling}`"))
            .related(*first, "so does this")
            .help("rename one of the two operations");
        faults.push(fault);
    }
}
