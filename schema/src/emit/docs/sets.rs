//! Attribute sets.

use super::Docs;
use super::page::{Page, cell, code, link, paragraphs};
use super::types::allowed;
use crate::emit::uapi::names;

impl Docs<'_> {
    /// Each set with its attributes.
    pub(super) fn sets(&self, page: &mut Page) {
        if self.family.sets.is_empty() {
            return;
        }
        page.heading(2, "Attribute sets");
        for (set, heading) in self.family.sets.iter().zip(&self.anchors.sets) {
            page.heading(3, &heading.text);
            page.text(&paragraphs(&set.doc));
            if let Some(whole) = set.subset_of {
                let name = self.family[whole].name.as_str();
                let whole = link(name, self.anchors.of_set(whole));
                page.text(&format!("Some of the attributes of {whole}."));
            }
            // A subset has the names of its set.
            let whole = set.subset_of.map_or(set, |whole| &self.family[whole]);
            let rows: Vec<_> = set
                .attrs
                .iter()
                .map(|attr| {
                    [
                        attr.id.to_string(),
                        code(attr.name.as_str()),
                        self.type_of(attr),
                        allowed(&attr.kind),
                        code(&names::attr(self.family, whole, attr)),
                        cell(&attr.doc),
                    ]
                })
                .collect();
            page.table(
                ["number", "attribute", "type", "allowed", "in C", "meaning"],
                &rows,
            );
        }
    }
}
