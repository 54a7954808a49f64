//! "Did you mean …?"

pub(crate) use genl_schema::diag::nearest;

/// Ends a message on a name that is not known: the known one most like it, else all of them.
pub(crate) fn known<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none at all".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(known("nosuch", ["mtouch"]), "there are: mtouch");
        assert_eq!(known("x", []), "there is none at all");
    }
}
