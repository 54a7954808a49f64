//! `genl doc`: a family's documentation.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use genl_user::dynamic::genl_schema::emit::{self, Origin, docs};

use crate::Outcome;
use crate::output::Output;
use crate::source::{self, Source};

/// What is documented.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The spec's file
    #[arg(value_name = "SPEC")]
    file: Option<PathBuf>,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let spec = source.path(options.file.as_deref())?;
    let origin = Origin {
        command: "genl doc",
        spec: &emit::spec_name(&spec),
    };
    let text = docs::render(&source::load(&spec)?, origin);
    out.write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
