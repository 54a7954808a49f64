//! `genl check SPEC…`: everything that is wrong with specs, and what is probably not meant.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use genl_schema::diag::{Code, Severity};

use crate::Outcome;

/// What to check, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The specs' files
    #[arg(required_unless_present = "explain")]
    specs: Vec<PathBuf>,
    /// Leave a warning out: its code (W101) or its name (unguarded-change)
    #[arg(long, value_name = "CODE")]
    allow: Vec<Code>,
    /// Let warnings fail as errors do
    #[arg(long)]
    deny_warnings: bool,
    /// Say what a code means, with an example
    #[arg(long, value_name = "CODE", conflicts_with_all = ["specs", "allow", "deny_warnings"])]
    explain: Option<Code>,
}

pub(crate) fn run(out: &mut impl Write, options: &Options) -> Outcome {
    if let Some(code) = options.explain {
        writeln!(out, "{code}: {}\n\n{}", code.name(), code.explain())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(code) = options
        .allow
        .iter()
        .find(|code| code.severity() == Severity::Error)
    {
        return Err(format!("{code} is an error: only warnings can be allowed").into());
    }
    let color = io::stderr().is_terminal();
    let mut failed = false;
    let mut codes = BTreeSet::new();
    for path in &options.specs {
        let file = path.to_string_lossy();
        // A file that cannot be read is no reason to keep silent about the others.
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("error: cannot read {file}: {error}\n");
                failed = true;
                continue;
            }
        };
        let report = match genl_schema::text(&file, bytes) {
            Ok(text) => genl_schema::check(&file, &text, &options.allow).report,
            Err(report) => report,
        };
        if report.diagnostics.is_empty() {
            continue;
        }
        failed |= report.has_errors() || options.deny_warnings;
        codes.extend(report.diagnostics.iter().map(|it| it.code));
        eprintln!("{}", report.render(color));
    }
    if let Some(first) = codes.first() {
        eprintln!("`genl check --explain {first}` tells more, and likewise of each code.");
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
