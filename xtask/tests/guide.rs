//! The code in the kernel half's guide is what the modules have.

use std::path::Path;

/// Handlers that another test compiles and runs: those of a new family.
const COMPILED: &str = "greeter/handlers.rs";

#[test]
fn its_code_stands_in_the_files_that_it_names() {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../genl-kmod");
    let read = |file: &str| {
        std::fs::read_to_string(modules.join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    let guide = read("README.md");
    let mut file = None;
    let mut blocks = guide.split("```");
    let mut checked = 0;
    while let (Some(words), Some(block)) = (blocks.next(), blocks.next()) {
        if let Some((_, mark)) = words.rsplit_once("<!-- ") {
            file = mark.split_once(" -->").map(|(file, _)| file.to_owned());
        }
        let (_, code) = block.split_once('\n').unwrap_or_default();
        let named = file.take();
        let named = named.unwrap_or_else(|| panic!("no file is named before\n{code}"));
        if named != COMPILED {
            assert!(read(&named).contains(code), "{named} has no\n{code}");
        }
        checked += 1;
    }
    assert!(checked >= 5, "{checked}");
}
