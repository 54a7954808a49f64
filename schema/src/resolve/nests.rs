//! Nests within nests.

use super::not_supported;
use super::sets::Drafts;
use crate::diag::Diagnostic;
use crate::model::{AttrKind, AttrSet};

/// Reports nests that hold themselves, if each of them can be there only once: a struct for such
/// a set would have to contain itself. Where one of them is `multi-attr`, there is a list between.
pub(super) fn check(drafts: &Drafts<'_>, sets: &[AttrSet], faults: &mut Vec<Diagnostic>) {
    // Step by step rather than by recursion: a spec may have more sets than the stack has room for.
    let mut done = vec![false; sets.len()];
    for start in 0..sets.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((set, at)) = path.last_mut().filter(|_| !done[start]) {
            let (here, attr) = (*set, *at);
            *at += 1;
            let Some(attr) = sets[here].attrs.get(attr) else {
                done[here] = true;
                path.pop();
                continue;
            };
            let AttrKind::Nest(inner) = attr.kind else {
                continue;
            };
            if attr.multi || done[inner.get()] {
                continue;
            }
            match path.iter().any(|(outer, _)| *outer == inner.get()) {
                true => {
                    let draft = &drafts.sets[here].attrs;
                    let place = draft.iter().find(|draft| draft.name == attr.name.as_str());
                    let construct = "a nest that holds itself without `multi-attr`";
                    let span = place.map(|draft| draft.span).unwrap_or_default();
                    faults.push(not_supported(construct, span));
                }
                false => path.push((inner.get(), 0)),
            }
        }
    }
}
