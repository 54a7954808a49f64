//! The command-line tool `genl`: what a spec says, and what the running kernel has.
//!
//! One file a command, each with a `run()`.

mod check;
mod families;
mod policy;
mod spec;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generic netlink families: their specs, and what the running kernel has
#[derive(Parser)]
#[command(name = "genl", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is wrong with specs; the exit status is 1 if anything is
    Check {
        /// The specs' files
        #[arg(required = true)]
        specs: Vec<PathBuf>,
    },
    /// List the families that the running kernel has
    Families,
    /// Show what a family's policies in the running kernel ask of each attribute
    Policy {
        /// The family's name
        family: String,
    },
    /// Print a spec
    Spec {
        /// Leave out what is not plain YNL: the keys that begin with `x-`
        #[arg(long)]
        strip: bool,
        /// The spec's file
        spec: PathBuf,
    },
}

/// What a command comes to: the exit status, or why it could not be carried out.
type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let outcome = match Cli::parse().command {
        Command::Check { specs } => check::run(&specs),
        Command::Families => families::run(&mut out),
        Command::Policy { family } => policy::run(&mut out, &family),
        Command::Spec { strip, spec } => spec::run(&mut out, strip, &spec),
    };
    outcome
        .and_then(|code| {
            out.flush()?;
            Ok(code)
        })
        .unwrap_or_else(|error| failure(&*error))
}

fn failure(error: &(dyn Error + 'static)) -> ExitCode {
    // Whoever reads our output has enough, as `head` does.
    if let Some(error) = error.downcast_ref::<io::Error>()
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// The text of a spec's file.
fn read(path: &std::path::Path) -> Result<String, Box<dyn Error>> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}
