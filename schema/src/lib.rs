//! YNL specs in, Rust for both ends of generic netlink out.
//!
//! Text becomes a tree (`yaml`), the tree becomes structs that mirror it (`decode`, `spec`), and
//! `resolve` turns those into a [`model::Family`], or into a [`diag::Report`] of all that is wrong;
//! from the family, `emit` makes text.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use genl_schema::{compile, emit};
//!
//! let spec = "families/kvstore.yaml";
//! let family = compile(spec, &std::fs::read_to_string(spec)?)?;
//! assert_eq!(family.ops[0].name.as_str(), "get");
//! let origin = emit::Origin { command: "an example", spec };
//! assert!(emit::user::render(&family, origin).contains("pub struct Client"));
//!
//! // Every mistake is told, with its place.
//! let mistakes = "name: greeter\nprotocol: genetlink\noperations: { list: [ { nmae: hello } ] }\n";
//! let report = compile("greeter.yaml", mistakes).unwrap_err();
//! assert!(report.render(false).contains("--> greeter.yaml:3"));
//! # Ok(())
//! # }
//! ```
//!
//! [`build`] is for build scripts, and all that most apps need: `build::client("schema/greeter.yaml")`.
//! [`emit`] renders clients and servers ([`emit::user`]), kernel modules ([`emit::kernel`]), C headers
//! ([`emit::uapi`]) and documentation ([`emit::docs`]). Warnings, of what is not wrong but probably not
//! meant, are those of [`check`]; `CODES.md` explains each code.

#![warn(clippy::missing_errors_doc)]

pub mod build;
mod decode;
pub mod diag;
pub mod emit;
mod lint;
pub mod model;
pub mod name;
mod resolve;
pub mod rustfmt;
mod spec;
mod strip;
mod text;
mod yaml;

use diag::{Code, Diagnostic, Report};
pub use strip::strip;
pub use text::text;

/// Understands a spec: `text` is its content, `file` the path that diagnostics show.
///
/// # Errors
///
/// Everything that is wrong with the spec, in one report.
pub fn compile(file: &str, text: &str) -> Result<model::Family, Report> {
    compile_for(Halves::User, file, text)
}

/// As [`compile`], for a family whose kernel half is to be generated as well.
///
/// # Errors
///
/// As those of [`compile`]; and [`Code::NotSupported`] for what the kernel emitter cannot do.
pub fn compile_for_kernel(file: &str, text: &str) -> Result<model::Family, Report> {
    compile_for(Halves::Both, file, text)
}

/// What [`check`] has to say of a spec.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The family, unless the report has errors.
    pub family: Option<model::Family>,
    /// Errors, or else warnings.
    pub report: Report,
}

/// As [`compile`], and looks for what is not wrong but probably not meant, too.
///
/// Of the warnings, those whose codes are `allowed`, here or by the spec's `x-allow`, are left out.
pub fn check(file: &str, text: &str, allowed: &[Code]) -> Checked {
    let mut found = Vec::new();
    let mut understood = understand(text, &mut found);
    forgive(Halves::User, &mut found);
    if !found.is_empty() {
        understood = None;
    }
    if let Some((spec, family)) = &understood {
        lint::check(spec, family, allowed, &mut found);
    }
    Checked {
        family: understood.map(|(_, family)| family),
        report: Report::new(file, text, found),
    }
}

/// What is to be generated from a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halves {
    /// Everything but kernel code: any family can have it.
    User,
    /// Kernel code too.
    Both,
}

fn compile_for(halves: Halves, file: &str, text: &str) -> Result<model::Family, Report> {
    let mut faults = Vec::new();
    let understood = understand(text, &mut faults);
    forgive(halves, &mut faults);
    match understood {
        Some((_, family)) if faults.is_empty() => Ok(family),
        _ => Err(Report::new(file, text, faults)),
    }
}

/// Drops the faults that matter only to halves that are not wanted.
fn forgive(halves: Halves, faults: &mut Vec<Diagnostic>) {
    if halves == Halves::User {
        faults.retain(|fault| fault.code != Code::NotSupported);
    }
}

/// The spec and what it means; good only if there are no faults.
fn understand(text: &str, faults: &mut Vec<Diagnostic>) -> Option<(spec::Family, model::Family)> {
    let tree = yaml::parse(text, faults)?;
    resolve::protocol::refuse_raw(&tree, faults)?;
    let spec = decode::decode(&tree, faults)?;
    let family = resolve::resolve(&spec, tree.span, faults);
    Some((spec, family))
}
