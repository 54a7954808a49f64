//! Whether the links within a Markdown page lead somewhere.

use std::collections::HashMap;

/// Fails if a link leads nowhere, or a row of a table has not as many cells as its head.
pub(crate) fn check(page: &str) {
    let anchors = anchors(page);
    for link in page.split("](#").skip(1) {
        let (anchor, _) = link.split_once(')').expect("a link has an end");
        assert!(
            anchors.contains_key(anchor),
            "no heading has the anchor {anchor}"
        );
    }
    let mut columns = None;
    for line in page.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
    }
}

/// The names that GitHub gives to the headings: lower case, without punctuation, hyphens for spaces,
/// and a number if the name is taken.
fn anchors(page: &str) -> HashMap<String, usize> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let headings = page.lines().filter(|line| line.starts_with('#'));
    for heading in headings {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let plain: String = text
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let mut name = plain.clone();
        while taken.contains_key(&name) {
            let count = taken.entry(plain.clone()).or_default();
            *count += 1;
            name = format!("{plain}-{count}");
        }
        taken.insert(name, 0);
    }
    taken
}
