//! "Did you mean …?"

/// Ends a message on a name that is not known: the known one most like it, else all of them.
pub(crate) fn known<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none at all".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    }
}

/// The known name that `wrong` is probably meant to be, if one is near enough.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let nearest = known
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .min();
    let (_, name) = nearest.filter(|(distance, _)| *distance <= wrong.len() / 3 + 1)?;
    Some(name)
}

/// How many letters have to be put in, taken out or replaced to get from one to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let cost = if a == b {
                diagonal
            } else {
                diagonal.min(row[j]).min(row[j + 1]) + 1
            };
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("kvstore", "kvstore"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn near_names_are_offered_and_others_listed() {
        assert_eq!(
            known("kvstor", ["nltest", "kvstore"]),
            "did you mean `kvstore`?"
        );
        assert_eq!(
            known("wireguard", ["kvstore", "nltest"]),
            "there are: kvstore, nltest"
        );
        assert_eq!(known("x", []), "there is none at all");
    }
}
