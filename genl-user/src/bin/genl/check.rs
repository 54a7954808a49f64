//! `genl check SPEC…`: everything that is wrong with specs, and what is probably not meant.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use genl_schema::diag::{Code, Diagnostic, Report, Severity};
use genl_user::dynamic::serde_json::{Value, json};

use crate::output::Output;
use crate::{Outcome, warn};

/// What to check, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The specs' files
    #[arg(required_unless_present = "explain")]
    specs: Vec<PathBuf>,
    /// Say what keeps a family from having a kernel half, too: what `codegen --kernel` refuses
    #[arg(long)]
    kernel: bool,
    /// Leave warnings out, by code (W101) or name (unguarded-change)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    allow: Vec<Code>,
    /// Let warnings fail as errors do
    #[arg(long)]
    deny_warnings: bool,
    /// Say what a code means, with an example
    #[arg(long, value_name = "CODE", conflicts_with_all = ["specs", "kernel", "allow", "deny_warnings"])]
    explain: Option<Code>,
}

pub(crate) fn run(out: &mut Output, options: &Options) -> Outcome {
    if let Some(code) = options.explain {
        explain(out, code)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut allowed = options.allow.iter();
    if let Some(code) = allowed.find(|code| code.severity() == Severity::Error) {
        return Err(format!("{code} is an error, and only warnings can be allowed").into());
    }
    let mut failed = false;
    let mut reports = Vec::new();
    for path in &options.specs {
        // A file that cannot be read is no reason to keep silent about the others.
        match check(path, options) {
            Ok(report) => reports.push(report),
            Err(error) => {
                warn("error", &format!("cannot read {}: {error}", path.display()));
                failed = true;
            }
        }
    }
    let faulty = |report: &Report| match options.deny_warnings {
        true => !report.diagnostics.is_empty(),
        false => report.has_errors(),
    };
    failed |= reports.iter().any(faulty);
    let shown = match out.json {
        true => out.json_line(&reports.iter().flat_map(as_json).collect()),
        false => show(out, &reports),
    };
    match shown {
        // Whoever reads the report has enough; the verdict stands.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        shown => shown?,
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn check(path: &Path, options: &Options) -> io::Result<Report> {
    let file = path.to_string_lossy();
    let text = match genl_schema::text(&file, std::fs::read(path)?) {
        Ok(text) => text,
        Err(report) => return Ok(report),
    };
    let mut report = genl_schema::check(&file, &text, &options.allow).report;
    if options.kernel
        && !report.has_errors()
        && let Err(refused) = genl_schema::compile_for_kernel(&file, &text)
    {
        report.diagnostics.extend(refused.diagnostics);
        report.diagnostics.sort_by_key(|it| it.span);
    }
    Ok(report)
}

fn explain(out: &mut Output, code: Code) -> io::Result<()> {
    match out.json {
        true => out.json_line(&json!({
            "code": code.to_string(),
            "name": code.name(),
            "text": code.explain(),
        })),
        false => writeln!(out, "{code}: {}\n\n{}", code.name(), code.explain()),
    }
}

/// Shows the reports that have something to say, and where more is to be read.
fn show(out: &mut Output, reports: &[Report]) -> io::Result<()> {
    let color = out.style.is_coloured();
    let mut codes = BTreeSet::new();
    for report in reports.iter().filter(|it| !it.diagnostics.is_empty()) {
        codes.extend(report.diagnostics.iter().map(|it| it.code));
        writeln!(out, "{}", report.render(color))?;
    }
    match (codes.first(), codes.len()) {
        (None, _) => Ok(()),
        (Some(code), 1) => writeln!(out, "`genl check --explain {code}` tells more of it."),
        (Some(code), _) => writeln!(
            out,
            "`genl check --explain {code}` tells more; so of each code."
        ),
    }
}

/// Each diagnostic as an object; lines and columns count from 1.
fn as_json(report: &Report) -> impl Iterator<Item = Value> {
    report.diagnostics.iter().map(|diagnostic| {
        let Diagnostic {
            code,
            message,
            span,
            label,
            related,
            help,
        } = diagnostic;
        let (line, column) = report.position(span.start);
        let related = related.as_ref().map(|(span, label)| {
            let (line, column) = report.position(span.start);
            json!({ "line": line, "column": column, "label": label })
        });
        json!({
            "file": report.file,
            "line": line,
            "column": column,
            "severity": match code.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "code": code.to_string(),
            "name": code.name(),
            "message": message,
            "label": label,
            "help": help,
            "related": related,
        })
    })
}
