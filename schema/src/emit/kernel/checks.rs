//! Checks of what policies cannot reach, before a handler is called.
//!
//! The core looks into nests only by the types of what is inside. Where the types are values, or
//! number what is inside, generated code looks at it: `parse` of a request's view, and of the views
//! of nests on the way there.

use super::requests::is_taken;
use super::rules::check_of;
use super::text::Text;
use crate::model::{Attr, AttrKind, AttrSet, Family, SetId};

/// Which sets have something in them to check, however deep.
pub(super) struct Checks<'f> {
    family: &'f Family,
    sets: Vec<bool>,
}

impl<'f> Checks<'f> {
    pub(super) fn of(family: &'f Family) -> Self {
        let mut checks = Self {
            family,
            sets: vec![false; family.sets.len()],
        };
        // Sets may contain each other, so what is found in one is passed on until nothing changes.
        loop {
            let next: Vec<bool> = family.sets.iter().map(|set| checks.are_in(set)).collect();
            if next == checks.sets {
                return checks;
            }
            checks.sets = next;
        }
    }

    fn are_in(&self, set: &AttrSet) -> bool {
        let mut attrs = set.attrs.iter().filter(|attr| is_taken(attr));
        attrs.any(|attr| attr.max_count.is_some() || self.are_for(&attr.kind))
    }

    /// There is something to check in an attribute.
    pub(super) fn are_for(&self, kind: &AttrKind) -> bool {
        match kind {
            AttrKind::Nest(set) => self.sets[set.get()],
            AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => {
                !is_in_reach(kind) || self.are_for(element)
            }
            _ => false,
        }
    }

    /// Checks the attribute `found`, at a depth of nests.
    pub(super) fn render(&self, text: &mut Text, kind: &AttrKind, op: &str, depth: &str) {
        let (levels, inner) = match kind {
            AttrKind::Nest(set) => return self.render_nested(text, *set, op, depth),
            AttrKind::IndexedArray(element) => (1, element),
            AttrKind::TypeValue(levels, element) => (levels.len(), element),
            _ => return,
        };
        let inside = match is_in_reach(kind) {
            true => "found.attrs()".to_owned(),
            false => format!("{op}.whole(found)?"),
        };
        let check = check_of(self.family, inner);
        let is_nest = matches!(**inner, AttrKind::Nest(_));
        // Of what may be anything, it is enough that it is there.
        let loops = levels - usize::from(!is_nest && check.is_none());
        for _ in 0..loops {
            text.open(format!("for found in {inside}"));
        }
        match (&**inner, check) {
            (AttrKind::Nest(set), _) => {
                if !is_in_reach(kind) {
                    let policy = super::policy::of_nest(&self.family[*set]);
                    text.line(format!("{op}.validate(found, {policy})?;"));
                }
                self.render_nested(text, *set, op, depth);
            }
            (_, Some(check)) => text.line(format!("{op}.check::<{check}>(found)?;")),
            (_, None) => text.line(format!("{inside};")),
        }
        for _ in 0..loops {
            text.close("");
        }
    }

    fn render_nested(&self, text: &mut Text, set: SetId, op: &str, depth: &str) {
        if self.sets[set.get()] {
            let view = self.family[set].name.pascal();
            text.line(format!("{view}::parse(found, {op}, {depth})?;"));
        }
    }

    /// `parse` of a nest's view, if there is something to check.
    pub(super) fn render_of_nest(&self, text: &mut Text, set: &AttrSet) {
        if !self.are_in(set) {
            return;
        }
        text.line("/// Fails, with an extended ACK, if what the core has not looked at is not as it should be.");
        let attrs = || set.attrs.iter().filter(|attr| is_taken(attr));
        let goes_deeper = attrs().any(|attr| {
            let inside = attr.kind.inside();
            inside.is_some_and(|set| self.sets[set.get()])
        });
        let depth = if goes_deeper { "depth" } else { "_depth" };
        let parameters = [
            "nest: genl::Attr<'r>",
            "op: &genl::Op<'r>",
            &format!("{depth}: u8"),
        ];
        text.signature("fn parse", &parameters, " -> Result {");
        if goes_deeper {
            text.line("let depth = op.descend(depth)?;");
        }
        for attr in attrs() {
            render_count(text, set, attr, "op", "nest.attrs()");
        }
        let attrs: Vec<_> = attrs().filter(|attr| self.are_for(&attr.kind)).collect();
        match &*attrs {
            [] => {}
            [attr] => {
                let path = super::attr_path(set, attr);
                text.open(format!("for found in nest.attrs().all({path})"));
                self.render(text, &attr.kind, "op", "depth");
                text.close("");
            }
            attrs => self.render_all(text, set, attrs),
        }
        text.line("Ok(())");
        text.close("");
    }

    /// Goes through a nest once.
    fn render_all(&self, text: &mut Text, set: &AttrSet, attrs: &[&Attr]) {
        text.open("for found in nest.attrs()");
        text.open("match found.id()");
        for attr in attrs {
            text.open(format!("{} =>", super::attr_path(set, attr)));
            self.render(text, &attr.kind, "op", "depth");
            text.close("");
        }
        text.line("_ => {}");
        text.close("");
        text.close("");
    }
}

/// Checks how often an attribute is there.
pub(super) fn render_count(text: &mut Text, set: &AttrSet, attr: &Attr, op: &str, source: &str) {
    if let Some(count) = attr.max_count {
        let path = super::attr_path(set, attr);
        text.line(format!("{op}.at_most({count}, {source}.all({path}))?;"));
    }
}

/// The core follows: from an attribute to nests, by way of nothing, or nests whose types mean
/// nothing to it.
pub(super) fn is_in_reach(kind: &AttrKind) -> bool {
    match kind {
        AttrKind::IndexedArray(element) => matches!(**element, AttrKind::Nest(_)),
        AttrKind::TypeValue(levels, element) => {
            levels.len() == 1 && matches!(**element, AttrKind::Nest(_))
        }
        _ => true,
    }
}
