//! What pyynl is asked, and what it should say.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::messages::quirk::Quirk;
use crate::pyynl::{self, Spec};

/// A message that pyynl encodes or decodes.
pub(crate) struct Trial {
    /// Which message it is, for a person to find it again.
    pub(crate) title: String,
    /// The line for `wire.py`.
    pub(crate) question: Value,
    /// What `wire.py` should answer.
    pub(crate) answer: Value,
    /// Why it may answer something else.
    pub(crate) quirk: Option<Quirk>,
}

/// Asks pyynl about each of the trials. It may be wrong only where a quirk makes it so; and each of
/// the `known` ones has to, at least once.
pub(crate) fn hold(specs: &[Spec], trials: &[Trial], known: &[Quirk]) {
    let questions: Vec<_> = trials.iter().map(|trial| trial.question.clone()).collect();
    let answers = pyynl::ask("wire.py", specs, &questions);
    let mut met = BTreeSet::new();
    let mut faults = Vec::new();
    for (trial, answer) in trials.iter().zip(&answers) {
        if *answer == trial.answer {
            continue;
        }
        let Trial {
            title,
            question,
            answer: expected,
            quirk,
        } = trial;
        match quirk {
            Some(quirk) => drop(met.insert(*quirk)),
            None => faults.push(format!(
                "{title}\n  asked:    {question}\n  expected: {expected}\n  pyynl's:  {answer}"
            )),
        }
    }
    assert!(
        faults.is_empty(),
        "pyynl differs in {} of {} messages:\n{}",
        faults.len(),
        trials.len(),
        faults[..faults.len().min(10)].join("\n")
    );
    let known = BTreeSet::from_iter(known.iter().copied());
    assert_eq!(met, known, "quirks that were met, and those that are known");
}
