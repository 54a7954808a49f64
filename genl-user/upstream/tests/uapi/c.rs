//! What a C compiler makes of a header: which of its names there are, and what they stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Something a header defines: `NETDEV_CMD_DEV_GET`, `struct ovs_header`, `enum wg_cmd`; a member's
/// place is `struct ovs_header.dp_ifindex`.
pub(crate) type Thing = String;

/// What the header itself, as text, says it defines.
pub(crate) fn things(header: &str) -> Vec<Thing> {
    let mut things = Vec::new();
    let mut inside: Option<Thing> = None;
    for line in without_comments(header).lines() {
        let line = line.trim();
        if let Some(define) = line.strip_prefix("#define ") {
            // A guard stands for nothing.
            things.extend(
                define
                    .split_once(char::is_whitespace)
                    .map(|(name, _)| name.into()),
            );
        } else if let Some(head) = line.strip_suffix('{') {
            let head = head.trim();
            if head != "enum" {
                things.push(head.to_owned());
            }
            inside = Some(head.to_owned());
        } else if line == "};" {
            inside = None;
        } else if let (Some(head), false) = (&inside, line.is_empty()) {
            match head.starts_with("struct ") {
                true => things.push(format!("{head}.{}", member(line))),
                false => things.push(line.split([' ', ',']).next().unwrap().to_owned()),
            }
        }
    }
    things
}

/// The name in `__u8 name[6];`.
fn member(line: &str) -> &str {
    let declaration = line.split(['[', ';']).next().unwrap();
    declaration.split_whitespace().last().unwrap()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(part.split_once("*/").expect("a comment has an end").1);
    }
    out
}

/// The compiler, and where it finds headers.
pub(crate) struct Compiler {
    /// For the programs it makes.
    pub(crate) dir: PathBuf,
    pub(crate) flags: Vec<String>,
}

impl Compiler {
    fn run(&self, arguments: &[&str], source: &Path) -> Output {
        Command::new("gcc")
            .env("LC_ALL", "C")
            .args(&self.flags)
            .args(arguments)
            .arg(source)
            .output()
            .expect("gcc is there")
    }

    /// Fails unless the header compiles without any warning.
    pub(crate) fn accept(&self, name: &str, header: &str) {
        let path = self.dir.join(format!("{name}.alone.c"));
        std::fs::write(&path, header).unwrap();
        let flags = [
            "-Wall",
            "-Wextra",
            "-std=c99",
            "-pedantic",
            "-Werror",
            "-fsyntax-only",
        ];
        let output = self.run(&flags, &path);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the header of {name}:\n{said}");
    }

    /// What each thing is where these headers are included; those that are unknown are left out.
    pub(crate) fn values(
        &self,
        name: &str,
        headers: &[String],
        things: &[Thing],
    ) -> BTreeMap<Thing, String> {
        let mut unknown = BTreeSet::new();
        let source = self.dir.join(format!("{name}.c"));
        let program = self.dir.join(name);
        let build = [
            "-std=gnu11",
            "-fmax-errors=0",
            "-o",
            program.to_str().unwrap(),
        ];
        // Once to learn what is unknown, once without it.
        for _ in 0..2 {
            let (text, lines) = show(headers, things, &unknown);
            std::fs::write(&source, text).unwrap();
            let output = self.run(&build, &source);
            if output.status.success() {
                let output = Command::new(&program).output().unwrap();
                let output = String::from_utf8(output.stdout).unwrap();
                return output
                    .lines()
                    .map(|line| line.split_once('=').expect("the program prints pairs"))
                    .map(|(thing, value)| (thing.to_owned(), value.to_owned()))
                    .collect();
            }
            let said = String::from_utf8_lossy(&output.stderr);
            let faulty: Vec<_> = errors(&said, source.to_str().unwrap())
                .map(|line| lines.get(&line).unwrap_or_else(|| panic!("{name}: {said}")))
                .collect();
            assert!(!faulty.is_empty(), "{name}: {said}");
            unknown.extend(faulty.into_iter().cloned());
        }
        panic!("{name}: what the compiler knew it does not know any more");
    }
}

/// The lines of `source` that have errors.
fn errors<'t>(said: &'t str, source: &'t str) -> impl Iterator<Item = usize> {
    said.lines().filter_map(move |line| {
        let (place, _) = line.strip_prefix(source)?.split_once(": error: ")?;
        place
            .trim_start_matches(':')
            .split(':')
            .next()?
            .parse()
            .ok()
    })
}

/// A program that prints what each thing is, and which of its lines is about which thing.
fn show(
    headers: &[String],
    things: &[Thing],
    unknown: &BTreeSet<Thing>,
) -> (String, BTreeMap<usize, Thing>) {
    let mut lines: Vec<String> = ["stdio.h".to_owned()]
        .iter()
        .chain(headers)
        .map(|header| match header.starts_with('/') {
            true => format!("#include \"{header}\""),
            false => format!("#include <{header}>"),
        })
        .collect();
    lines.extend(PRINT.lines().map(str::to_owned));
    let mut about = BTreeMap::new();
    for thing in things.iter().filter(|thing| !unknown.contains(*thing)) {
        about.insert(lines.len() + 1, thing.clone());
        lines.push(match thing.split_once('.') {
            Some((of, member)) => format!(
                "place(\"{thing}\", __builtin_offsetof({of}, {member}), sizeof((({of} *)0)->{member}));"
            ),
            None if thing.starts_with("struct ") => {
                format!("number(\"{thing}\", sizeof({thing}));")
            }
            None if thing.starts_with("enum ") => format!("number(\"{thing}\", sizeof({thing}));"),
            None => format!("_Generic(({thing}), char *: text, default: number)(\"{thing}\", {thing});"),
        });
    }
    lines.push("return 0; }\n".to_owned());
    (lines.join("\n"), about)
}

const PRINT: &str = "
static void number(const char *name, long long value) { printf(\"%s=%lld\\n\", name, value); }
static void text(const char *name, const char *value) { printf(\"%s=\\\"%s\\\"\\n\", name, value); }
static void place(const char *name, long long at, long long size)
{ printf(\"%s=%lld bytes at %lld\\n\", name, size, at); }
int main(void) { (void)number; (void)text; (void)place;
";
