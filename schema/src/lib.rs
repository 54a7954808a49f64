//! YNL specs in, Rust for both ends of generic netlink out.
//!
//! Text becomes a tree (`yaml`), the tree becomes structs that mirror it (`decode`, `spec`), and
//! `resolve` turns those into a [`model::Family`], or into a [`diag::Report`] of all that is wrong;
//! from the family, `emit` makes text.

pub mod build;
mod decode;
pub mod diag;
pub mod emit;
pub mod model;
pub mod name;
mod resolve;
mod spec;
mod strip;
mod yaml;

use diag::Report;
pub use strip::strip;

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
/// As those of [`compile`]; and [`diag::Code::NotSupported`] for what the kernel emitter cannot do.
pub fn compile_for_kernel(file: &str, text: &str) -> Result<model::Family, Report> {
    compile_for(Halves::Both, file, text)
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
    let family = understand(text, &mut faults);
    if halves == Halves::User {
        faults.retain(|fault| fault.code != diag::Code::NotSupported);
    }
    match family {
        Some(family) if faults.is_empty() => Ok(family),
        _ => Err(Report::new(file, text, faults)),
    }
}

fn understand(text: &str, faults: &mut Vec<diag::Diagnostic>) -> Option<model::Family> {
    let tree = yaml::parse(text, faults)?;
    resolve::protocol::refuse_raw(&tree, faults)?;
    let spec = decode::decode(&tree, faults)?;
    Some(resolve::resolve(&spec, tree.span, faults))
}
