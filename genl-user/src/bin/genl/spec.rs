//! `genl spec`: a spec, what of it is plain YNL, what differs from the kernel; and which there are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use genl_user::dynamic::genl_schema;
use genl_user::dynamic::serde_json::{Value, json};

use crate::output::Output;
use crate::source::{self, BadSpec, Source};
use crate::{Outcome, diff, search};

/// What is done with a spec.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Leave out what is not plain YNL: the keys that begin with `x-`
    #[arg(long)]
    strip: bool,
    /// The spec's file
    #[arg(value_name = "SPEC")]
    file: Option<PathBuf>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Say where a spec and the running kernel differ; the exit status is 1 if they do
    #[command(after_help = "Examples:\n  \
        genl spec diff schema/families/nlctrl.yaml nlctrl\n  \
        genl spec diff netdev.yaml\n  \
        genl spec diff --family netdev")]
    Diff(diff::Options),
    /// List the specs that --family finds
    List,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    match &options.verb {
        Some(Verb::Diff(options)) => diff::run(out, source, options),
        Some(Verb::List) => list(out),
        None => print(out, options.strip, &source.path(options.file.as_deref())?),
    }
}

fn print(out: &mut Output, strip: bool, spec: &Path) -> Outcome {
    let mut text = source::text(spec)?;
    if strip {
        text = genl_schema::strip(&spec.to_string_lossy(), &text).map_err(BadSpec)?;
    }
    match out.json {
        true => out.json_line(&json!({"file": spec, "text": text}))?,
        false => out.write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(out: &mut Output) -> Outcome {
    let specs = search::all();
    if out.json {
        let specs = specs
            .iter()
            .map(|(name, path)| json!({"family": name, "file": path}));
        out.json_line(&Value::Array(specs.collect()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = specs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, path) in &specs {
        let gap = width - name.len();
        let name = out.style.name(name);
        writeln!(out, "{name}{:gap$}  {}", "", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
