//! For build scripts: typed clients of an app's own families, made from its own specs.
//!
//! The build script is two lines:
//!
//! ```no_run
//! genl_schema::build::client("schema/greeter.yaml");
//! ```
//!
//! and a line in the app brings in the module `greeter`:
//!
//! ```text
//! include!(concat!(env!("OUT_DIR"), "/greeter.rs"));
//! ```
//!
//! The app depends on `genl-user`, its build script on this crate. Cargo runs the script again only
//! after a change of a spec, and a module whose text stays the same is left alone. A spec with
//! faults fails the build, with its diagnostics in cargo's output.
//!
//! The owned types derive serde's traits if the app has a feature `serde`:
//! `serde = ["dep:serde", "genl-user/serde"]`. Each module has a client for tasks of tokio's if it
//! has a feature `tokio`: `tokio = ["genl-user/tokio"]`.
//!
//! The modules have nothing that rustc or clippy warns of by itself, also where the app has them in a
//! private module and uses a part of them. An app that asks for more of clippy's lints keeps them
//! out:
//!
//! ```text
//! #[allow(clippy::pedantic)]
//! mod families {
//!     include!(concat!(env!("OUT_DIR"), "/greeter.rs"));
//! }
//! ```

use std::collections::HashMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use crate::diag::Report;
use crate::emit::user::Server;
use crate::emit::{self, Origin};
use crate::model::Family;

/// Writes the client of a spec into the build's output folder; its name is the family's, as that
/// of a Rust module: `greeter.rs`.
///
/// `spec` is a path within the package. Prints why and ends the process if anything is wrong;
/// [`Clients`] gives the error instead.
pub fn client(spec: impl Into<PathBuf>) {
    Clients::new().spec(spec).run();
}

/// Which clients a build script makes.
///
/// ```
/// # use genl_schema::build::{Clients, Error};
/// # fn main() -> Result<(), Error> {
/// # let dir = std::env::temp_dir().join(format!("genl-clients-{}", std::process::id()));
/// let clients = Clients::new()
///     .spec("families/kvstore.yaml")
///     .spec("families/nltest.yaml")
///     .file("families.rs");
/// # let clients = clients.out_dir(&dir);
/// # std::fs::create_dir(&dir).unwrap();
/// let written = clients.generate()?; // or `run()`, which prints what is wrong
/// assert!(written[0].ends_with("families.rs"));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Clients {
    specs: Vec<PathBuf>,
    file: Option<PathBuf>,
    dir: Option<PathBuf>,
    server: Server,
}

impl Clients {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more; the spec's path is taken from the package's folder, where cargo runs the script.
    pub fn spec(mut self, path: impl Into<PathBuf>) -> Self {
        self.specs.push(path.into());
        self
    }

    /// Some more.
    pub fn specs<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.specs.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Writes what it takes to serve the families too: a module `server` in the module of each.
    ///
    /// The app's `genl-user` needs the feature `server` then.
    ///
    /// Families that no kernel module could serve are refused, as those whose operations have
    /// headers of different sizes.
    pub fn server(mut self) -> Self {
        self.server = Server::With;
        self
    }

    /// Puts all modules into this one file of the output folder; otherwise each gets its own.
    pub fn file(mut self, name: impl Into<PathBuf>) -> Self {
        self.file = Some(name.into());
        self
    }

    /// The output folder, where it is not to be cargo's `OUT_DIR`.
    pub fn out_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Writes the clients; prints why and ends the process if anything is wrong.
    pub fn run(&self) {
        if let Err(error) = self.generate() {
            // A panic would bury it between its own message and a hint about backtraces.
            eprintln!("{error}");
            if let Some(source) = error.source() {
                eprintln!("because: {source}");
            }
            process::exit(1);
        }
    }

    /// Writes the clients, and gives the paths of their files.
    ///
    /// Prints to standard output what cargo has to know: what to watch, and that the features
    /// `serde` and `tokio` are meant.
    ///
    /// # Errors
    ///
    /// If a spec has faults, those of all specs; nothing is written then.
    pub fn generate(&self) -> Result<Vec<PathBuf>, Error> {
        for spec in &self.specs {
            println!("cargo::rerun-if-changed={}", spec.display());
        }
        println!("cargo::rustc-check-cfg=cfg(feature, values(\"serde\", \"tokio\"))");

        let modules = modules(&self.specs, self.server)?;
        let dir = match &self.dir {
            Some(dir) => dir.clone(),
            None => env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?.into(),
        };
        match &self.file {
            Some(file) => {
                let texts: Vec<_> = modules.into_iter().map(|module| module.text).collect();
                let path = dir.join(file);
                write(&path, &texts.join("\n"))?;
                Ok(vec![path])
            }
            None => modules
                .iter()
                .map(|module| {
                    let path = dir.join(&module.name).with_extension("rs");
                    write(&path, &module.text)?;
                    Ok(path)
                })
                .collect(),
        }
    }
}

/// Why there are no clients.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A spec's file cannot be read.
    #[error("cannot read the spec {}", path.display())]
    Read {
        /// The spec's path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Specs have faults: what is wrong with each that has any.
    #[error("{}", all(.0))]
    Faulty(Vec<Report>),
    /// Two families would be one module.
    #[error(
        "{} and {} both describe `{module}`: give one of the families another name",
        specs[0].display(),
        specs[1].display()
    )]
    SameModule {
        /// The module.
        module: String,
        /// The specs of the two.
        specs: [PathBuf; 2],
    },
    /// No folder to write to was given, and cargo gave none either.
    #[error("OUT_DIR is not set: call this from a build script, or say where to write")]
    NoOutDir,
    /// The client cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file's path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn all(reports: &[Report]) -> String {
    let reports: Vec<_> = reports.iter().map(|report| report.render(false)).collect();
    reports.join("\n")
}

struct Module {
    name: String,
    /// `pub mod name { … }`, for `include!` takes no file that begins with inner docs.
    text: String,
}

/// In a private module of the app all that it does not use would be warned of. To expect that is no
/// way: in a public one nothing is.
const ALLOW: &str = "#[allow(dead_code, clippy::allow_attributes, \
                     reason = \"an app uses what it needs of a family's client\")]";

fn modules(specs: &[PathBuf], server: Server) -> Result<Vec<Module>, Error> {
    let mut faulty = Vec::new();
    let mut modules = Vec::new();
    let mut seen: HashMap<String, &Path> = HashMap::new();
    for path in specs {
        let family = match compile(path, server)? {
            Ok(family) => family,
            Err(report) => {
                faulty.push(report);
                continue;
            }
        };
        let name = family.name.snake();
        if let Some(other) = seen.insert(name.clone(), path) {
            return Err(Error::SameModule {
                module: name,
                specs: [other.to_owned(), path.to_owned()],
            });
        }
        let origin = Origin {
            command: "build.rs",
            spec: &emit::spec_name(path),
        };
        let client = emit::user::render_with(&family, origin, server);
        let text = format!("{ALLOW}\npub mod {name} {{\n{client}}}\n");
        modules.push(Module { name, text });
    }
    match faulty.is_empty() {
        true => Ok(modules),
        false => Err(Error::Faulty(faulty)),
    }
}

fn compile(path: &Path, server: Server) -> Result<Result<Family, Report>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let file = path.to_string_lossy();
    let compile = match server {
        Server::Without => crate::compile,
        // What no kernel could serve, a server of its kind cannot either.
        Server::With | Server::Featured => crate::compile_for_kernel,
    };
    Ok(crate::text(&file, bytes).and_then(|text| compile(&file, &text)))
}

/// Leaves a file alone that has this text already, so that what depends on it stays up to date.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
