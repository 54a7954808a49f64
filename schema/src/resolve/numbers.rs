//! The numbers of operations, as pyynl counts them.
//!
//! The rules are `_dictify_ops_unified` and `_dictify_ops_directional` of pyynl
//! (tools/net/ynl/pyynl/lib/nlspec.py). Unified: one row of numbers from 1 for everything.
//! Directional: a row for what goes to the kernel and another for what comes from it; an operation
//! takes a number of the second row only if it has a reply.

use std::collections::HashMap;

use super::scope::{Scope, check_name};
use super::{need, text};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Protocol, Reserved};
use crate::name::Name;
use crate::spec::{self, EnumModel};

/// An operation, or notification, with its numbers.
#[derive(Debug)]
pub(super) struct Numbered<'s> {
    pub(super) name: &'s str,
    pub(super) span: Span,
    pub(super) spec: &'s spec::Op,
    /// `genlmsghdr.cmd` towards the kernel; means nothing for a notification.
    pub(super) request: u8,
    /// `genlmsghdr.cmd` from the kernel; means nothing where nothing comes.
    pub(super) reply: u8,
}

impl Numbered<'_> {
    /// The kernel sends it of its own accord.
    pub(super) fn is_async(&self) -> bool {
        self.spec.notify.is_present() || self.spec.event.is_present()
    }

    /// Userspace can call it.
    pub(super) fn is_call(&self) -> bool {
        self.spec.do_.is_present() || self.spec.dump.is_present()
    }
}

/// All operations of a family, in the spec's order.
#[derive(Debug)]
pub(super) struct Operations<'s> {
    pub(super) ops: Vec<Numbered<'s>>,
    /// Those that only reserve a number.
    pub(super) reserved: Vec<Reserved>,
    pub(super) scope: Scope,
}

pub(super) fn resolve<'s>(
    spec: &'s spec::Family,
    protocol: Protocol,
    whole: Span,
    faults: &mut Vec<Diagnostic>,
) -> Operations<'s> {
    need(&spec.operations, "operations", "the family", whole, faults);
    let mut out = Operations {
        ops: Vec::new(),
        reserved: Vec::new(),
        scope: Scope::new("operation", true),
    };
    let Some((section, at)) = spec.operations.here() else {
        out.scope.leave_open();
        return out;
    };
    need(&section.list, "list", "`operations`", at, faults);
    let mut counter = Counter {
        directional: directional(spec),
        request: 1,
        reply: 1,
        sure: true,
        requests: HashMap::new(),
        replies: HashMap::new(),
    };
    for item in section.list.get().into_iter().flatten() {
        let Some((op, at)) = item.here() else {
            counter.sure = false;
            out.scope.leave_open();
            continue;
        };
        let name = need(&op.name, "name", "the operation", at, faults);
        need(&op.doc, "doc", "the operation", at, faults);
        let span = op.name.span().unwrap_or(at);
        let mut numbered = Numbered {
            name: name.map_or("nameless", String::as_str),
            span,
            spec: op,
            request: 0,
            reply: 0,
        };
        let reserves = !numbered.is_call() && !numbered.is_async();
        if reserves && (protocol == Protocol::Genetlink || counter.directional) {
            let message = format!("operation `{}` does nothing", numbered.name);
            faults.push(
                Diagnostic::new(Code::EmptyOperation, span, message)
                    .help("give it a `do`, a `dump`, a `notify` or an `event`"),
            );
        }
        (numbered.request, numbered.reply) = counter.number(&numbered, faults);
        match name {
            Some(name) => {
                check_name(name, span, protocol, faults);
                // One that only reserves a number has no place among the others.
                let at = if reserves { usize::MAX } else { out.ops.len() };
                out.scope.declare(name, span, at, faults);
            }
            None => out.scope.leave_open(),
        }
        match reserves {
            true => out.reserved.push(Reserved {
                name: Name::new(numbered.name),
                cmd: numbered.request,
                doc: text(op.doc.get()),
            }),
            false => out.ops.push(numbered),
        }
    }
    out
}

/// Requests and what comes from the kernel are numbered apart.
pub(super) fn directional(spec: &spec::Family) -> bool {
    let section = spec.operations.get();
    section.is_some_and(|section| section.enum_model.get() == Some(&EnumModel::Directional))
}

struct Counter {
    directional: bool,
    request: u64,
    reply: u64,
    /// Behind a broken value nobody knows the numbers.
    sure: bool,
    requests: HashMap<u64, Span>,
    replies: HashMap<u64, Span>,
}

impl Counter {
    /// The numbers of the next operation, towards the kernel and from it.
    fn number(&mut self, op: &Numbered<'_>, faults: &mut Vec<Diagnostic>) -> (u8, u8) {
        match self.directional {
            true => self.directional(op, faults),
            false => self.unified(op, faults),
        }
    }

    fn unified(&mut self, op: &Numbered<'_>, faults: &mut Vec<Diagnostic>) -> (u8, u8) {
        for content in contents(op.spec) {
            if let Some(span) = content.value.span() {
                let message = "a message has no value of its own in enum-model `unified`";
                faults.push(
                    Diagnostic::new(Code::NotApplicable, span, message)
                        .help("give the operation a `value`"),
                );
            }
        }
        self.sure = take(&op.spec.value, &mut self.request, self.sure, true);
        let span = op.spec.value.span().unwrap_or(op.span);
        let value = self.request;
        if self.sure {
            check(value, span, Some(&mut self.requests), faults);
        }
        self.request = self.request.saturating_add(1);
        (narrow(value), narrow(value))
    }

    fn directional(&mut self, op: &Numbered<'_>, faults: &mut Vec<Diagnostic>) -> (u8, u8) {
        if op.is_async() {
            self.sure = take(&op.spec.value, &mut self.reply, self.sure, true);
            let span = op.spec.value.span().unwrap_or(op.span);
            let value = self.reply;
            if self.sure {
                check(value, span, Some(&mut self.replies), faults);
            }
            self.reply = self.reply.saturating_add(1);
            return (0, narrow(value));
        }
        if let Some(span) = op.spec.value.span() {
            let message = "a call has no value of its own in enum-model `directional`";
            faults.push(
                Diagnostic::new(Code::NotApplicable, span, message)
                    .help("give its `request` and its `reply` a `value`"),
            );
        }
        // Where there are both, pyynl looks at do alone.
        let Some(call) = op.spec.do_.get().or(op.spec.dump.get()) else {
            self.sure &= !op.spec.do_.is_broken() && !op.spec.dump.is_broken();
            return (0, 0);
        };
        let mut request_at = op.span;
        if let Some(content) = call.request.get() {
            self.sure = take(&content.value, &mut self.request, self.sure, false);
            request_at = content.value.span().unwrap_or(request_at);
        }
        let mut reply_at = op.span;
        if let Some(content) = call.reply.get() {
            self.sure = take(&content.value, &mut self.reply, self.sure, false);
            reply_at = content.value.span().unwrap_or(reply_at);
        }
        let numbers = (narrow(self.request), narrow(self.reply));
        if self.sure {
            check(self.request, request_at, Some(&mut self.requests), faults);
        }
        self.request = self.request.saturating_add(1);
        if call.reply.is_present() {
            // Notifications share the number of the reply that they repeat, and so do replies.
            if self.sure {
                check(self.reply, reply_at, None, faults);
            }
            self.reply = self.reply.saturating_add(1);
        }
        numbers
    }
}

/// Goes on from an explicit value; says whether the number is sure. `zero` counts as a value.
fn take(value: &Key<u64>, next: &mut u64, sure: bool, zero: bool) -> bool {
    match value {
        Key::Absent => sure,
        Key::Broken => false,
        Key::At(0, _) if !zero => sure,
        Key::At(value, _) => {
            *next = *value;
            true
        }
    }
}

/// Reports a number that `genlmsghdr.cmd` cannot hold, or that is taken.
fn check(
    value: u64,
    span: Span,
    taken: Option<&mut HashMap<u64, Span>>,
    faults: &mut Vec<Diagnostic>,
) {
    if value > u8::MAX.into() {
        let message = format!("operation number {value} does not fit generic netlink's header");
        faults.push(
            Diagnostic::new(Code::OutOfRange, span, message)
                .help("the highest operation number is 255"),
        );
    }
    let Some(taken) = taken else { return };
    if let Some(first) = taken.get(&value) {
        let message = format!("two operations have the value {value}");
        faults.push(
            Diagnostic::new(Code::DuplicateValue, span, message)
                .label("again here")
                .related(*first, "first used here"),
        );
    } else {
        taken.insert(value, span);
    }
}

/// A number too high has a fault to its name already.
fn narrow(value: u64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// The messages of an operation's calls.
fn contents(op: &spec::Op) -> impl Iterator<Item = &spec::Content> {
    [&op.do_, &op.dump]
        .into_iter()
        .filter_map(Key::get)
        .flat_map(|call| [&call.request, &call.reply])
        .filter_map(Key::get)
}
