//! Which spec the user means.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, value_parser};
use genl_user::Options;
use genl_user::dynamic::genl_schema;
use genl_user::dynamic::genl_schema::diag::Report;
use genl_user::dynamic::genl_schema::model::Family;
use genl_user::dynamic::{Client, Unknown};
use genl_user::families::nlctrl;

use crate::search;
use crate::style::Style;

/// Options that say which spec it is, who is asked, and how strictly the spec is taken.
#[derive(Args)]
pub(crate) struct Source {
    /// The family's spec: a YAML file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Spec")]
    spec: Option<PathBuf>,
    /// The family's name: its spec is looked for in $GENL_SPEC_PATH, the running kernel's source,
    /// /usr/share/ynl/specs and such
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        conflicts_with = "spec",
        help_heading = "Spec"
    )]
    family: Option<String>,
    /// Ask the process that has this port and serves the family there, instead of the kernel
    #[arg(long, global = true, value_name = "PORT", value_parser = value_parser!(u32).range(1..))]
    peer: Option<u32>,
    /// Leave out attributes that the spec does not know, instead of showing them as UnknownAttr(N)
    #[arg(
        long,
        global = true,
        alias = "no-process-unknown",
        conflicts_with = "process_unknown",
        help_heading = "Output"
    )]
    skip_unknown: bool,
    /// Show attributes that the spec does not know; this is what happens anyway
    #[arg(long, global = true, help_heading = "Output")]
    process_unknown: bool,
}

impl Source {
    /// The family, understood.
    pub(crate) fn load(&self) -> Result<Family, Box<dyn Error>> {
        match (&self.spec, &self.family) {
            (None, None) => Err("which family? Say --spec FILE, or --family NAME".into()),
            _ => load(&self.path(None)?),
        }
    }

    /// The spec's file: what the options say, or `argument`, which stands for them.
    pub(crate) fn path(&self, argument: Option<&Path>) -> Result<PathBuf, Box<dyn Error>> {
        match (argument, &self.spec, &self.family) {
            (Some(path), None, None) => Ok(path.to_owned()),
            (None, Some(path), _) => Ok(path.clone()),
            (None, None, Some(family)) => search::find(family),
            (None, None, None) => Err("which spec? Give its file, or say --family NAME".into()),
            (Some(_), _, _) => Err("which spec? Two are given".into()),
        }
    }

    /// The family if there is a spec of it: the one that was named, or else whatever is found.
    pub(crate) fn load_if_found(&self, family: &str) -> Result<Option<Family>, Box<dyn Error>> {
        match (&self.spec, &self.family) {
            (None, None) => Ok(search::find(family).ok().and_then(|path| load(&path).ok())),
            _ => self.load().map(Some),
        }
    }

    /// A client of the family.
    pub(crate) fn client(&self) -> Result<Client, Box<dyn Error>> {
        let mut client = Client::open_with(self.load()?, &self.options())?;
        client.set_unknown(self.unknown());
        Ok(client)
    }

    /// A client of the controller, which knows the families.
    pub(crate) fn controller(&self) -> Result<nlctrl::Client, genl_user::Error> {
        nlctrl::Client::open_with(&self.options())
    }

    /// Says that who was asked does not have the family.
    pub(crate) fn absent(&self, family: &str) -> genl_user::Error {
        genl_user::Error::UnknownFamily {
            name: family.to_owned(),
            peer: self.peer,
        }
    }

    /// Who is asked.
    pub(crate) fn options(&self) -> Options {
        let options = Options::new();
        match self.peer {
            Some(port) => options.peer(port),
            None => options,
        }
    }

    /// What becomes of attributes that the spec does not know.
    pub(crate) fn unknown(&self) -> Unknown {
        match self.skip_unknown {
            true => Unknown::Skip,
            false => Unknown::Keep,
        }
    }
}

/// Understands a spec.
pub(crate) fn load(path: &Path) -> Result<Family, Box<dyn Error>> {
    load_by(genl_schema::compile, path)
}

/// As [`load`], for one whose kernel half is to be generated.
pub(crate) fn load_for_kernel(path: &Path) -> Result<Family, Box<dyn Error>> {
    load_by(genl_schema::compile_for_kernel, path)
}

fn load_by(
    compile: fn(&str, &str) -> Result<Family, Report>,
    path: &Path,
) -> Result<Family, Box<dyn Error>> {
    let text = text(path)?;
    compile(&path.to_string_lossy(), &text).map_err(|report| BadSpec(report).into())
}

/// The text of a spec's file.
pub(crate) fn text(path: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    genl_schema::text(&path.to_string_lossy(), bytes).map_err(|report| BadSpec(report).into())
}

/// A spec that cannot be gone by; it says so itself, with places and hints.
#[derive(Debug)]
pub(crate) struct BadSpec(pub(crate) Report);

impl fmt::Display for BadSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.render(Style::stderr().is_coloured()))
    }
}

impl Error for BadSpec {}
