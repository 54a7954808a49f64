//! What userspace can call, and what the kernel sends of its own accord.

use super::definitions::Definitions;
use super::groups::Groups;
use super::messages::{Content, Messages};
use super::numbers::{self, Numbered};
use super::sets::Drafts;
use super::{need, text};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{
    AttrSet, Call, Direction, DontValidate, Event, GroupId, Message, MessageId, Op, Permission,
    Reply, SetId, StructId,
};
use crate::name::Name;
use crate::spec::{self, Flag};

/// The operations of a family and all their messages.
#[derive(Debug)]
pub(super) struct Operations {
    pub(super) messages: Vec<Message>,
    pub(super) ops: Vec<Op>,
    pub(super) events: Vec<Event>,
}

pub(super) fn resolve(
    spec: &spec::Family,
    numbered: &numbers::Operations<'_>,
    drafts: &Drafts<'_>,
    sets: &[AttrSet],
    groups: &Groups,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Operations {
    let mut resolver = Resolver {
        numbered,
        common_header: spec
            .operations
            .get()
            .map_or(&Key::Absent, |section| &section.fixed_header),
        definitions,
        drafts,
        groups,
        messages: Messages::new(drafts, sets),
        repeatable: vec![Repeatable::Unknown; numbered.ops.len()],
        faults,
    };
    let mut ops = Vec::new();
    for (at, op) in numbered.ops.iter().enumerate() {
        resolver.check_shape(op);
        if op.is_call() {
            let (op, repeatable) = resolver.call(op);
            resolver.repeatable[at] = repeatable;
            ops.extend(op);
        } else {
            resolver.repeatable[at] = Repeatable::Nothing;
        }
    }
    let events = numbered
        .ops
        .iter()
        .filter(|op| op.is_async() && !op.is_call())
        .filter_map(|op| resolver.event(op))
        .collect();
    Operations {
        messages: resolver.messages.into_list(),
        ops,
        events,
    }
}

/// What a notification would repeat of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Repeatable {
    /// A fault in the operation hides it.
    Unknown,
    /// The operation has no reply.
    Nothing,
    /// Its reply: that of its do, or of its dump if do has none.
    Reply(MessageId),
}

struct Resolver<'a, 's> {
    numbered: &'a numbers::Operations<'s>,
    /// The header of all operations that name no other.
    common_header: &'a Key<String>,
    definitions: &'a Definitions,
    drafts: &'a Drafts<'s>,
    groups: &'a Groups,
    messages: Messages<'a, 's>,
    /// Of each of the numbered operations.
    repeatable: Vec<Repeatable>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Resolver<'_, '_> {
    /// Reports keys that do not go together.
    fn check_shape(&mut self, op: &Numbered<'_>) {
        let Numbered {
            name, span, spec, ..
        } = op;
        if op.is_call() && op.is_async() {
            let message = format!("operation `{name}` is both a call and a notification");
            self.faults.push(
                Diagnostic::new(Code::MixedOperation, *span, message)
                    .help("make two operations of it"),
            );
            return;
        }
        if spec.notify.is_present() && spec.event.is_present() {
            let message = format!("operation `{name}` has both `notify` and `event`");
            self.faults.push(
                Diagnostic::new(Code::MixedOperation, *span, message)
                    .help("`notify` repeats a reply, `event` has attributes of its own"),
            );
        }
        let (what, keys) = match op.is_async() {
            true => (
                "a notification",
                [
                    ("flags", spec.flags.span()),
                    ("dont-validate", spec.dont_validate.span()),
                ],
            ),
            false => ("a call", [("mcgrp", spec.mcgrp.span()), ("", None)]),
        };
        for (key, span) in keys {
            if let Some(span) = span {
                let message = format!("`{key}` means nothing for {what}");
                self.faults
                    .push(Diagnostic::new(Code::MixedOperation, span, message));
            }
        }
    }

    fn call(&mut self, op: &Numbered<'_>) -> (Option<Op>, Repeatable) {
        let name = Name::new(op.name);
        let broken = op.spec.do_.is_broken() || op.spec.dump.is_broken();
        let Some(set) = self.set(op) else {
            return (None, Repeatable::Unknown);
        };
        let header = self.header(op.spec);
        let mut replies: Vec<MessageId> = Vec::new();
        let mut modes = [("", &op.spec.do_), ("dump", &op.spec.dump)].map(|(mode, call)| {
            let call = call.get()?;
            let base = match mode {
                "" => name.clone(),
                _ => name.join(mode),
            };
            let request = self.messages.add(
                Content {
                    name: base.clone(),
                    direction: Direction::Request,
                    header,
                    set,
                    spec: call.request.get(),
                },
                self.faults,
            );
            let reply = call.reply.is_present().then(|| {
                let content = Content {
                    name: base.join("reply"),
                    direction: Direction::FromKernel,
                    header,
                    set,
                    spec: call.reply.get(),
                };
                let message = self.messages.add_unless(content, &replies, self.faults);
                replies.push(message);
                Reply {
                    cmd: op.reply,
                    message,
                }
            });
            Some(Call {
                request,
                reply,
                pre: call.pre.get().cloned(),
                post: call.post.get().cloned(),
            })
        });
        let repeatable = match replies.first() {
            Some(reply) => Repeatable::Reply(*reply),
            None if broken => Repeatable::Unknown,
            None => Repeatable::Nothing,
        };
        let resolved = Op {
            name,
            cmd: op.request,
            permission: permission(op.spec),
            do_: modes[0].take(),
            dump: modes[1].take(),
            set,
            dont_validate: op
                .spec
                .dont_validate
                .items()
                .map(|(it, _)| skip(*it))
                .collect(),
            config_cond: op.spec.config_cond.get().cloned(),
            doc: text(op.spec.doc.get()),
        };
        (Some(resolved), repeatable)
    }

    fn event(&mut self, op: &Numbered<'_>) -> Option<Event> {
        let group = self.group(op.spec);
        let message = match op.spec.notify.here() {
            Some((target, span)) => self.repeated(target, span)?,
            None => {
                let set = self.set(op)?;
                let header = self.header(op.spec);
                let content = op.spec.event.get()?;
                if let Some(span) = content.value.span() {
                    let message = "an event's content has no value of its own";
                    let fault = Diagnostic::new(Code::NotApplicable, span, message)
                        .help("give the operation a `value`");
                    self.faults.push(fault);
                }
                let content = Content {
                    name: Name::new(op.name),
                    direction: Direction::FromKernel,
                    header,
                    set,
                    spec: Some(content),
                };
                self.messages.add(content, self.faults)
            }
        };
        Some(Event {
            name: Name::new(op.name),
            cmd: op.reply,
            message,
            repeats: op.spec.notify.get().map(Name::new),
            set: self.messages.get(message).set,
            group,
            doc: text(op.spec.doc.get()),
        })
    }

    /// The set that the operation's attributes belong to.
    fn set(&mut self, op: &Numbered<'_>) -> Option<SetId> {
        let owner = format!("operation `{}`", op.name);
        let key = &op.spec.attribute_set;
        need(key, "attribute-set", &owner, op.span, self.faults);
        let (name, span) = key.here()?;
        self.drafts.scope.find(name, span, self.faults).map(SetId)
    }

    /// The struct before the attributes of all messages of the operation.
    fn header(&mut self, spec: &spec::Op) -> Option<StructId> {
        let (name, span) = spec.fixed_header.or(self.common_header).here()?;
        self.definitions.find_struct(name, span, self.faults)
    }

    fn group(&mut self, spec: &spec::Op) -> Option<GroupId> {
        let (name, span) = spec.mcgrp.here()?;
        self.groups.scope.find(name, span, self.faults).map(GroupId)
    }

    /// The reply that a notification repeats.
    fn repeated(&mut self, target: &str, span: Span) -> Option<MessageId> {
        let at = self.numbered.scope.find(target, span, self.faults)?;
        // A reserved number has a name, too, but no place in the list.
        match self.repeatable.get(at) {
            Some(Repeatable::Reply(message)) => Some(*message),
            Some(Repeatable::Unknown) => None,
            Some(Repeatable::Nothing) | None => {
                let message = format!("operation `{target}` has no reply that could be repeated");
                let mut fault = Diagnostic::new(Code::NothingToRepeat, span, message)
                    .help("give it a reply, or make this an `event` with attributes of its own");
                if let Some(place) = self.numbered.scope.place(target) {
                    fault = fault.related(place, "this operation");
                }
                self.faults.push(fault);
                None
            }
        }
    }
}

fn skip(flag: spec::DontValidate) -> DontValidate {
    match flag {
        spec::DontValidate::Strict => DontValidate::Strict,
        spec::DontValidate::Dump => DontValidate::Dump,
        spec::DontValidate::DumpStrict => DontValidate::DumpStrict,
    }
}

/// Who may call; the kernel checks both flags, and `admin-perm` asks for more.
fn permission(spec: &spec::Op) -> Permission {
    let has = |wanted| spec.flags.items().any(|(flag, _)| *flag == wanted);
    match (has(Flag::AdminPerm), has(Flag::UnsAdminPerm)) {
        (true, _) => Permission::Admin,
        (false, true) => Permission::NetnsAdmin,
        (false, false) => Permission::Anyone,
    }
}
