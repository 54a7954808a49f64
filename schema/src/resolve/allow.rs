//! `x-allow`: which warnings a spec, or a part of it, does not want.

use crate::decode::List;
use crate::diag::{Code, Diagnostic, MOST_SHOWN, Severity, Span, UnknownCode};
use crate::spec;

/// Reports words that are no warning's code or name.
pub(super) fn check(spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    let sets = || spec.attribute_sets.items().map(|(set, _)| set);
    let operations = spec.operations.get().into_iter();
    let groups = spec.mcast_groups.get().into_iter();
    let lists = [&spec.x_allow]
        .into_iter()
        .chain(spec.definitions.items().map(|(it, _)| &it.x_allow))
        .chain(sets().map(|set| &set.x_allow))
        .chain(sets().flat_map(|set| set.attributes.items().map(|(it, _)| &it.x_allow)))
        .chain(operations.flat_map(|section| section.list.items().map(|(it, _)| &it.x_allow)))
        .chain(groups.flat_map(|section| section.list.items().map(|(it, _)| &it.x_allow)));
    for (word, span) in lists.flat_map(List::items) {
        let fault = match Code::find(word) {
            Some(code) if code.severity() == Severity::Warning => continue,
            Some(code) => {
                let message = format!("{code} is an error, and errors cannot be allowed");
                Diagnostic::new(Code::UnknownWord, span, message)
            }
            None => unknown(word, span, faults.len()),
        };
        faults.push(fault);
    }
}

fn unknown(word: &str, span: Span, faults: usize) -> Diagnostic {
    let mut fault = Diagnostic::new(
        Code::UnknownWord,
        span,
        format!("there is no warning `{word}`"),
    )
    .help("a warning is named as its report names it: `W101`");
    if faults < MOST_SHOWN
        && let Err(UnknownCode {
            near: Some(near), ..
        }) = word.parse::<Code>()
        && near.severity() == Severity::Warning
    {
        fault = fault.help(format!("did you mean `{}` ({near})?", near.name()));
    }
    fault
}
