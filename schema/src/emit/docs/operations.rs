//! Operations, notifications and groups.

use super::Docs;
use super::page::{Page, cell, code, link, paragraphs};
use super::types::allowed;
use crate::emit::uapi::names;
use crate::model::{DontValidate, Event, MessageId, Op, Permission};

impl Docs<'_> {
    /// Operations: an overview, then each with what it takes and gives.
    pub(super) fn calls(&self, page: &mut Page) {
        let family = self.family;
        if family.ops.is_empty() {
            return;
        }
        page.heading(2, "Operations");
        let rows: Vec<_> = family
            .ops
            .iter()
            .zip(&self.anchors.ops)
            .map(|(op, heading)| {
                let ways = match (&op.do_, &op.dump) {
                    (Some(_), Some(_)) => "do, dump",
                    (Some(_), None) => "do",
                    _ => "dump",
                };
                let name = link(op.name.as_str(), &heading.anchor);
                [
                    op.cmd.to_string(),
                    name,
                    ways.to_owned(),
                    cell(first_sentence(&op.doc)),
                ]
            })
            .collect();
        page.table(["number", "operation", "ways", "what it does"], &rows);
        if !family.reserved.is_empty() {
            let reserved = family.reserved.iter();
            let reserved: Vec<_> = reserved
                .map(|op| format!("{} ({})", op.cmd, code(op.name.as_str())))
                .collect();
            page.text(&format!(
                "Numbers that do nothing: {}.",
                reserved.join(", ")
            ));
        }
        for (op, heading) in family.ops.iter().zip(&self.anchors.ops) {
            page.heading(3, &heading.text);
            self.operation(page, op);
        }
    }

    fn operation(&self, page: &mut Page, op: &Op) {
        page.text(&paragraphs(&op.doc));
        let mut facts = vec![
            format!(
                "Number: {}, {}",
                op.cmd,
                in_c(&names::command(self.family, &op.name))
            ),
            format!("Who may call it: {}", who(op.permission)),
        ];
        if let Some(option) = &op.config_cond {
            let option = option.to_uppercase().replace('-', "_");
            facts.push(format!(
                "Only in kernels with {}",
                code(&format!("CONFIG_{option}"))
            ));
        }
        facts.extend(op.dont_validate.iter().map(|what| {
            let what = match what {
                DontValidate::Strict => "a do's request is not checked strictly: it may have attributes unknown to the kernel",
                DontValidate::Dump => "a dump's request is not checked",
                DontValidate::DumpStrict => "a dump's request is not checked strictly",
            };
            format!("Leniency: {what}")
        }));
        let told: Vec<_> = self.told_by(op).collect();
        if !told.is_empty() {
            facts.push(format!("Its reply is also sent as {}", told.join(", ")));
        }
        page.list(&facts);
        if let Some(call) = &op.do_ {
            self.message(page, "Do, request", call.request);
            match call.reply {
                Some(reply) => {
                    let title = format!("Do, reply (number {})", reply.cmd);
                    self.message(page, &title, reply.message);
                }
                None => page.text("**Do, reply**: the spec names none but an acknowledgement."),
            }
        }
        if let Some(call) = &op.dump {
            self.message(page, "Dump, request", call.request);
            let same = op.do_.as_ref().is_some_and(|do_| do_.reply == call.reply);
            match call.reply {
                Some(_) if same => page.text("**Dump, each reply**: as the do's."),
                Some(reply) => {
                    let title = format!("Dump, each reply (number {})", reply.cmd);
                    self.message(page, &title, reply.message);
                }
                None => page.text("**Dump, each reply**: the spec names none."),
            }
        }
    }

    /// The notifications that repeat an operation's reply.
    fn told_by(&self, op: &Op) -> impl Iterator<Item = String> {
        let events = self.family.events.iter().zip(&self.anchors.events);
        events
            .filter(|(event, _)| event.repeats.as_ref() == Some(&op.name))
            .map(|(event, heading)| link(event.name.as_str(), &heading.anchor))
    }

    /// The attributes that a message can carry.
    fn message(&self, page: &mut Page, title: &str, message: MessageId) {
        let message = &self.family[message];
        let header = message.header.map(|id| {
            let name = self.family[id].name.as_str();
            format!(
                "begins with struct {}",
                link(name, self.anchors.of_struct(id))
            )
        });
        if message.fields.is_empty() {
            let header = header
                .map(|header| format!(", {header}"))
                .unwrap_or_default();
            page.text(&format!(
                "**{title}**: the spec names no attributes{header}."
            ));
            return;
        }
        let set = link(
            self.family[message.set].name.as_str(),
            self.anchors.of_set(message.set),
        );
        let header = header
            .map(|header| format!("; {header}"))
            .unwrap_or_default();
        page.text(&format!("**{title}**: attributes of {set}{header}"));
        let rows: Vec<_> = message
            .fields
            .iter()
            .map(|field| {
                let attr = self.family.attr(message, field);
                let required = if field.required { "required" } else { "" };
                [
                    attr.id.to_string(),
                    code(attr.name.as_str()),
                    self.type_of(attr),
                    allowed(&attr.kind),
                    required.to_owned(),
                ]
            })
            .collect();
        page.table(
            ["number", "attribute", "type", "allowed", "presence"],
            &rows,
        );
    }

    /// Groups, and what is sent to them.
    pub(super) fn notifications(&self, page: &mut Page) {
        let family = self.family;
        if family.groups.is_empty() && family.events.is_empty() {
            return;
        }
        page.heading(2, "Notifications");
        if !family.groups.is_empty() {
            let rows: Vec<_> = family
                .groups()
                .map(|(id, group)| {
                    let sent = family.events.iter().zip(&self.anchors.events);
                    let sent: Vec<_> = sent
                        .filter(|(event, _)| event.group == Some(id))
                        .map(|(event, heading)| link(event.name.as_str(), &heading.anchor))
                        .collect();
                    let who = who(group.permission).to_owned();
                    [code(group.name.as_str()), who, sent.join(", ")]
                })
                .collect();
            page.table(["group", "who may join", "what is sent to it"], &rows);
        }
        for (event, heading) in family.events.iter().zip(&self.anchors.events) {
            page.heading(3, &heading.text);
            self.notification(page, event);
        }
    }

    fn notification(&self, page: &mut Page, event: &Event) {
        page.text(&paragraphs(&event.doc));
        let to = match event.group {
            Some(group) => format!(
                "Sent to the group {}",
                code(self.family[group].name.as_str())
            ),
            None => self.group_unsaid(),
        };
        let name = names::event(self.family, &event.name);
        page.list(&[format!("Number: {}, {}", event.cmd, in_c(&name)), to]);
        let mut ops = self.family.ops.iter().zip(&self.anchors.ops);
        match ops.find(|(op, _)| event.repeats.as_ref() == Some(&op.name)) {
            Some((op, heading)) => {
                let op = link(op.name.as_str(), &heading.anchor);
                page.text(&format!("**Content**: as the reply to {op}."));
            }
            None => self.message(page, "Content", event.message),
        }
    }

    /// Many a spec has groups, but leaves to the kernel to which of them an event goes.
    fn group_unsaid(&self) -> String {
        let groups = self.family.groups.iter();
        let groups: Vec<_> = groups.map(|group| code(group.name.as_str())).collect();
        match groups.is_empty() {
            true => "The spec names no group that it is sent to".to_owned(),
            false => format!(
                "The spec does not say to which group it is sent, if to any; the family has {}",
                groups.join(", ")
            ),
        }
    }
}

fn first_sentence(words: &str) -> &str {
    let words = words.trim();
    let paragraph = words.split("\n\n").next().unwrap_or_default();
    match paragraph.split_once(". ").or(paragraph.split_once(".\n")) {
        Some((sentence, _)) => &words[..=sentence.len()],
        None => paragraph,
    }
}

fn in_c(name: &str) -> String {
    format!("in C {}", code(name))
}

fn who(permission: Permission) -> &'static str {
    match permission {
        // The kernel may ask for more than the spec tells.
        Permission::Anyone => "the spec names no permission",
        Permission::Admin => "`CAP_NET_ADMIN` in the initial user namespace",
        Permission::NetnsAdmin => {
            "`CAP_NET_ADMIN` in the user namespace that owns the network namespace"
        }
        Permission::NetnsSysAdmin => {
            "`CAP_SYS_ADMIN` in the user namespace that owns the network namespace"
        }
    }
}
