//! `genl codegen`: everything that can be made from a spec.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use genl_user::dynamic::genl_schema::emit::user::Server;
use genl_user::dynamic::genl_schema::emit::{self, Origin};
use genl_user::dynamic::genl_schema::rustfmt;

use crate::output::Output;
use crate::source::{self, Source};
use crate::{Outcome, warn};

/// What is made, and where it goes.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    wanted: Wanted,
    /// The folder for the files; without it, or with `-`, a single output is printed
    #[arg(short, long = "out", value_name = "DIR")]
    output: Option<PathBuf>,
    /// The spec's file
    #[arg(value_name = "SPEC")]
    file: Option<PathBuf>,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Wanted {
    /// The typed client, in Rust
    #[arg(long)]
    user: bool,
    /// With --user: what serves the family in userspace too, behind a feature `server`
    #[arg(long, requires = "user")]
    server: bool,
    /// The kernel half, in Rust
    #[arg(long)]
    kernel: bool,
    /// The uAPI header, in C
    #[arg(long)]
    uapi: bool,
    /// The documentation, in Markdown
    #[arg(long)]
    docs: bool,
}

struct File {
    name: String,
    text: String,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let spec = source.path(options.file.as_deref())?;
    let files = files(&options.wanted, &spec)?;
    match &options.output {
        Some(dir) if dir.as_os_str() != "-" => {
            fs::create_dir_all(dir).map_err(|error| cannot("create", dir, &error))?;
            for file in files {
                let path = dir.join(file.name);
                fs::write(&path, file.text).map_err(|error| cannot("write", &path, &error))?;
            }
        }
        _ => match &files[..] {
            [file] => out.write_all(file.text.as_bytes())?,
            _ => return Err("several files cannot be printed: say where to with -o DIR".into()),
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

fn files(wanted: &Wanted, spec: &Path) -> Result<Vec<File>, Box<dyn Error>> {
    let origin = Origin {
        command: "genl codegen",
        spec: &emit::spec_name(spec),
    };
    let family = match wanted.server {
        // What no kernel could serve, a server of its kind cannot either.
        true => source::load_for_kernel(spec)?,
        false => source::load(spec)?,
    };
    let module = family.name.snake();
    let mut files = Vec::new();
    if wanted.user {
        let server = match wanted.server {
            true => Server::Featured,
            false => Server::Without,
        };
        files.push(File {
            name: format!("{module}.rs"),
            text: formatted(emit::user::render_with(&family, origin, server), "2024"),
        });
    }
    if wanted.kernel {
        let family = source::load_for_kernel(spec)?;
        files.push(File {
            name: format!("{module}_kernel.rs"),
            text: formatted(emit::kernel::render(&family, origin), "2021"),
        });
    }
    if wanted.uapi {
        files.push(File {
            // Not the name that it has in include/uapi: several families can share that.
            name: format!("{module}.h"),
            text: emit::uapi::render(&family, origin),
        });
    }
    if wanted.docs {
        files.push(File {
            name: format!("{module}.md"),
            text: emit::docs::render(&family, origin),
        });
    }
    Ok(files)
}

/// The code as rustfmt has it; where that is not to be had, as it is, for it is good code all the same.
fn formatted(code: String, edition: &str) -> String {
    rustfmt::format(&code, edition).unwrap_or_else(|error| {
        warn("warning", &format!("the code is not formatted: {error}"));
        code
    })
}
