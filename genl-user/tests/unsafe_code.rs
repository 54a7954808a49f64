//! All `unsafe` of the crate is in one file.
//!
//! The compiler sees to it too (`deny(unsafe_code)` in lib.rs), but would let any module allow it again.

use std::fs;
use std::path::{Path, PathBuf};

/// The one file.
const WHERE: &str = "sys.rs";

#[test]
fn unsafe_code_is_in_one_file() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let with_unsafe: Vec<_> = files
        .iter()
        .filter(|file| has_unsafe(&fs::read_to_string(file).expect("a source")))
        .map(|file| file.strip_prefix(&src).expect("below src").to_owned())
        .collect();
    assert_eq!(with_unsafe, [Path::new(WHERE)]);
    assert!(files.len() > 40, "there are more than {files:?}");
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// Whether it has unsafe code, or allows it; words in comments do not count, nor does denying it.
fn has_unsafe(source: &str) -> bool {
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .filter(|line| !line.contains("deny(unsafe_code)") && !line.contains("forbid(unsafe_code)"))
        .any(|line| {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            words.any(|word| word == "unsafe" || word == "unsafe_code")
        })
}

#[test]
fn unsafe_code_is_found() {
    assert!(has_unsafe("let x = unsafe { y() };"));
    assert!(has_unsafe("#[allow(unsafe_code)]\nmod m {}"));
    assert!(!has_unsafe(
        "// SAFETY: unsafe\n#![deny(unsafe_code)]\nlet unsafely = 1;"
    ));
}
