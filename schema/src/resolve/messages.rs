//! The content of messages.

use super::sets::Drafts;
use crate::decode::List;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{AttrKind, AttrSet, Direction, Field, Message, MessageId, SetId, StructId};
use crate::name::Name;
use crate::spec;

/// A message as the spec has it.
#[derive(Debug)]
pub(super) struct Content<'s> {
    pub(super) name: Name,
    pub(super) direction: Direction,
    pub(super) header: Option<StructId>,
    pub(super) set: SetId,
    /// `None` where the operation says nothing of it: a message without attributes.
    pub(super) spec: Option<&'s spec::Content>,
}

/// The messages of a family, as they are found.
#[derive(Debug)]
pub(super) struct Messages<'a, 's> {
    drafts: &'a Drafts<'s>,
    sets: &'a [AttrSet],
    list: Vec<Message>,
}

impl<'a, 's> Messages<'a, 's> {
    pub(super) fn new(drafts: &'a Drafts<'s>, sets: &'a [AttrSet]) -> Self {
        Self {
            drafts,
            sets,
            list: Vec::new(),
        }
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        &self.list[id.get()]
    }

    pub(super) fn into_list(self) -> Vec<Message> {
        self.list
    }

    /// Adds a message.
    pub(super) fn add(&mut self, content: Content<'_>, faults: &mut Vec<Diagnostic>) -> MessageId {
        self.add_unless(content, &[], faults)
    }

    /// Adds a message, or takes that of `others` which has the same content.
    pub(super) fn add_unless(
        &mut self,
        content: Content<'_>,
        others: &[MessageId],
        faults: &mut Vec<Diagnostic>,
    ) -> MessageId {
        let fields = self.fields(&content, faults);
        let same = |other: &&MessageId| {
            let other = &self.list[other.get()];
            (other.header, other.set, &other.fields) == (content.header, content.set, &fields)
        };
        if let Some(same) = others.iter().find(same) {
            return *same;
        }
        self.list.push(Message {
            name: content.name,
            direction: content.direction,
            header: content.header,
            set: content.set,
            fields,
        });
        MessageId(self.list.len() - 1)
    }

    fn fields(&self, content: &Content<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Field> {
        let Some(spec) = content.spec else {
            return Vec::new();
        };
        let request = content.direction == Direction::Request;
        let listed = self.attrs(&spec.attributes, content.set, faults);
        for (at, span) in &listed {
            self.check_listed(content.set, *at, *span, request, faults);
        }
        let attrs = &self.sets[content.set.get()].attrs;
        let mut fields: Vec<_> = listed
            .iter()
            .filter(|(attr, _)| attrs[*attr].kind != AttrKind::Pad)
            .map(|(attr, _)| Field {
                attr: *attr,
                required: false,
            })
            .collect();
        fields.sort_by_key(|field| field.attr);
        fields.dedup();
        if request {
            let items = spec.attributes.get().map_or(0, Vec::len);
            let all_found = !spec.attributes.has_broken() && listed.len() == items;
            self.require(spec, content.set, &mut fields, all_found, faults);
        } else if let Some(span) = spec.x_required.span() {
            let message = "`x-required` has a meaning in a request only";
            faults.push(
                Diagnostic::new(Code::BadRequired, span, message)
                    .help("a client that lacks an attribute of a reply sees that by itself"),
            );
        }
        fields
    }

    /// The attributes that a list names, by their places in the set.
    fn attrs(
        &self,
        list: &List<String>,
        set: SetId,
        faults: &mut Vec<Diagnostic>,
    ) -> Vec<(usize, Span)> {
        let draft = &self.drafts.sets[set.get()];
        let mut found: Vec<(usize, Span)> = Vec::new();
        let mut seen = std::collections::HashMap::new();
        for (name, span) in list.items() {
            if let Some(first) = seen.insert(name, span) {
                let message = format!("`{name}` is listed twice");
                faults.push(
                    Diagnostic::new(Code::DuplicateName, span, message)
                        .label("again here")
                        .related(first, "first used here"),
                );
                continue;
            }
            let Some(at) = draft.scope.find(name, span, faults) else {
                continue;
            };
            let id = draft.attrs[at].id;
            let attrs = &self.sets[set.get()].attrs;
            if let Ok(at) = attrs.binary_search_by_key(&id, |attr| attr.id) {
                found.push((at, span));
            }
        }
        found
    }

    /// Reports an attribute that cannot stand in a message.
    fn check_listed(
        &self,
        set: SetId,
        at: usize,
        span: Span,
        request: bool,
        faults: &mut Vec<Diagnostic>,
    ) {
        let attr = &self.sets[set.get()].attrs[at];
        let name = &attr.name;
        match attr.kind {
            // The kernel sends it where it sees fit, and specs upstream say so.
            AttrKind::Pad if !request => {}
            AttrKind::Pad | AttrKind::Unused => {
                let message = format!("`{name}` never stands in a message");
                let fault = Diagnostic::new(Code::NotInMessages, span, message)
                    .help("it holds nothing; leave it out of the list");
                faults.push(self.with_place(fault, set, name, "it is padding, or not used"));
            }
            _ if request && attr.id == 0 => {
                let message = format!("the kernel never takes `{name}` from a request");
                let fault = Diagnostic::new(Code::ZeroInRequest, span, message)
                    .label("attribute type 0")
                    .help("give the attribute a value from 1");
                faults.push(self.with_place(fault, set, name, "it has the value 0"));
            }
            _ => {}
        }
    }

    /// Points at where the attribute is described, too.
    fn with_place(&self, fault: Diagnostic, set: SetId, name: &Name, what: &str) -> Diagnostic {
        match self.drafts.sets[set.get()].scope.place(name.as_str()) {
            Some(place) => fault.related(place, what),
            None => fault,
        }
    }

    /// Marks what is required; `all_found` if no listed attribute has a fault, so that one that is
    /// not among the fields is not in the request.
    fn require(
        &self,
        spec: &spec::Content,
        set: SetId,
        fields: &mut [Field],
        all_found: bool,
        faults: &mut Vec<Diagnostic>,
    ) {
        for (at, span) in self.attrs(&spec.x_required, set, faults) {
            if let Some(field) = fields.iter_mut().find(|field| field.attr == at) {
                field.required = true;
            } else if all_found {
                let name = &self.sets[set.get()].attrs[at].name;
                let message = format!("`{name}` is required, but not in the request");
                faults.push(
                    Diagnostic::new(Code::BadRequired, span, message)
                        .help(format!("add `{name}` to the request's `attributes`")),
                );
            }
        }
    }
}
