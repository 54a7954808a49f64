//! Attribute sets.

use super::Docs;
use super::page::{Page, cell, code, link, paragraphs};
use super::types::allowed;

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
            let rows: Vec<_> = set
                .attrs
                .iter()
                .map(|attr| {
                    [
                        attr.id.to_string(),
                        code(attr.name.as_str()),
                        self.type_of(attr),
                        allowed(&attr.kind),
                        cell(&attr.doc),
                    ]
                })
                .collect();
            page.table(["number", "attribute", "type", "allowed", "meaning"], &rows);
        }
    }
}
