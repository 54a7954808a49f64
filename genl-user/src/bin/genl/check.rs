//! `genl check SPEC…`: everything that is wrong with specs.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::{Outcome, read};

pub(crate) fn run(specs: &[PathBuf]) -> Outcome {
    let color = io::stderr().is_terminal();
    let mut code = ExitCode::SUCCESS;
    for spec in specs {
        // A file that cannot be read is no reason to keep silent about the others.
        let report = match read(spec) {
            Ok(text) => genl_schema::compile(&spec.to_string_lossy(), &text)
                .err()
                .map(|report| report.render(color)),
            Err(error) => Some(format!("error: {error}\n")),
        };
        if let Some(report) = report {
            eprint!("{report}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
