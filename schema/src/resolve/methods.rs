//! No two methods, or functions, of the generated code may have the same name.
//!
//! Operations become methods, and what the kernel sends becomes functions. A clash is a fault, as
//! nobody would look for a method by another name than the operation's.

use std::collections::HashMap;

use super::numbers::{Numbered, Operations};
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Protocol;
use crate::name::Name;

pub(super) fn check(numbered: &Operations<'_>, protocol: Protocol, faults: &mut Vec<Diagnostic>) {
    let in_kernel = protocol != Protocol::GenetlinkLegacy;
    let mut methods = Taken::default();
    let mut functions = Taken::default();
    for op in &numbered.ops {
        if op.spec.do_.is_present() {
            methods.claim(op, "", "the do of", faults);
        }
        if op.spec.dump.is_present() {
            methods.claim(op, "dump", "the dump of", faults);
            if in_kernel {
                methods.claim(op, "dump-start", "the start of the dump of", faults);
            }
        }
        if op.is_async() && in_kernel {
            functions.claim(op, "", "the multicast of", faults);
            functions.claim(op, "all", "the multicast to all namespaces of", faults);
            functions.claim(op, "for", "the echoed multicast of", faults);
            functions.claim(op, "to", "the unicast of", faults);
        }
    }
}

/// Names that are taken: by what, of which operation, and where that stands.
#[derive(Default)]
struct Taken<'n>(HashMap<String, (String, &'n str, Span)>);

impl<'n> Taken<'n> {
    /// Takes the name of `op` with `more` behind it; that somebody has it is reported.
    fn claim(&mut self, op: &Numbered<'n>, more: &str, what: &str, faults: &mut Vec<Diagnostic>) {
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
        let fault = Diagnostic::new(Code::NameCollision, op.span, message)
            .label(format!("becomes `{spelling}`"))
            .related(*first, "so does this")
            .help("rename one of the two operations");
        faults.push(fault);
    }
}
