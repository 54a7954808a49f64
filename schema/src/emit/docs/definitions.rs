//! Enums, flags, structs and constants.

use super::Docs;
use super::page::{Page, cell, code, link, paragraphs};
use super::types::shown_as;
use crate::emit::uapi::names;
use crate::model::{CDefinition, ConstValue, Enum, Family, Member, MemberKind, Struct};

impl Docs<'_> {
    /// All that the spec defines beside attributes.
    pub(super) fn definitions(&self, page: &mut Page) {
        let family = self.family;
        if !family.enums.is_empty() {
            page.heading(2, "Enums and flags");
        }
        for (definition, heading) in family.enums.iter().zip(&self.anchors.enums) {
            page.heading(3, &heading.text);
            values(page, family, definition);
        }
        if !family.structs.is_empty() {
            page.heading(2, "Structs");
        }
        for (definition, heading) in family.structs.iter().zip(&self.anchors.structs) {
            page.heading(3, &heading.text);
            self.members(page, definition);
        }
        if !family.consts.is_empty() {
            page.heading(2, "Constants");
            let consts = family.consts.iter();
            let rows: Vec<_> = consts
                .map(|constant| {
                    let value = match &constant.value {
                        ConstValue::Int(value) => value.to_string(),
                        ConstValue::Text(text) => code(text),
                    };
                    let name = names::constant(family, constant);
                    [
                        code(constant.name.as_str()),
                        value,
                        code(&name),
                        cell(&constant.doc),
                    ]
                })
                .collect();
            page.table(["constant", "value", "in C", "meaning"], &rows);
        }
    }

    fn members(&self, page: &mut Page, definition: &Struct) {
        page.text(&paragraphs(&definition.doc));
        page.text(&defined_in(&definition.c));
        let size = definition.size;
        page.text(&format!(
            "{size} bytes; each member at a multiple of its own size, as in C."
        ));
        let rows: Vec<_> = definition
            .members
            .iter()
            .map(|member| {
                [
                    member.offset.to_string(),
                    member.size.to_string(),
                    code(member.name.as_str()),
                    self.member(member),
                    cell(&member.doc),
                ]
            })
            .collect();
        page.table(["offset", "bytes", "member", "type", "meaning"], &rows);
    }

    fn member(&self, member: &Member) -> String {
        let mut text = match member.kind {
            MemberKind::Int { kind, order, names } => self.int(kind, order, names),
            MemberKind::Bytes => "bytes".to_owned(),
            MemberKind::String => "text, with NULs behind it".to_owned(),
            MemberKind::Struct(id) => {
                let name = self.family[id].name.as_str();
                format!("struct {}", link(name, self.anchors.of_struct(id)))
            }
        };
        if let Some(hint) = member.hint {
            text.push_str(&format!(", {}", shown_as(hint)));
        }
        text
    }
}

fn values(page: &mut Page, family: &Family, definition: &Enum) {
    page.text(&paragraphs(&definition.doc));
    page.text(&defined_in(&definition.c));
    let rows: Vec<_> = definition
        .entries
        .iter()
        .map(|entry| {
            let value = match definition.flags {
                true => format!("{:#x}", 1_u128 << entry.value),
                false => entry.value.to_string(),
            };
            let name = names::entry(family, definition, entry);
            [
                value,
                code(entry.name.as_str()),
                code(&name),
                cell(&entry.doc),
            ]
        })
        .collect();
    page.table(["value", "name", "in C", "meaning"], &rows);
}

fn defined_in(c: &CDefinition) -> String {
    let header = c.header.as_deref();
    header
        .map(|header| format!("Defined in {}.", code(header)))
        .unwrap_or_default()
}
