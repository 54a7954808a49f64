//! `genl spec [--strip] SPEC`: a spec, or what of it is plain YNL.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::{Outcome, read};

pub(crate) fn run(out: &mut impl Write, strip: bool, spec: &Path) -> Outcome {
    let text = read(spec)?;
    let text = match strip {
        false => text,
        true => match genl_schema::strip(&spec.to_string_lossy(), &text) {
            Ok(text) => text,
            Err(report) => {
                eprint!("{}", report.render(io::stderr().is_terminal()));
                return Ok(ExitCode::FAILURE);
            }
        },
    };
    out.write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
