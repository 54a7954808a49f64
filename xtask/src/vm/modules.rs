//! Finds the files of the modules that a VM loads.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build_kmod::{self, Tree};
use crate::kernel::{self, Kernel};
use crate::suggest;

/// A module and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) file: PathBuf,
}

impl Module {
    /// The module in a file.
    pub(super) fn of(file: &Path) -> Self {
        Self {
            name: name_of(&file.to_string_lossy()),
            file: file.to_owned(),
        }
    }
}

/// The kernel's own modules, as depmod describes them.
pub(super) struct Own {
    dir: PathBuf,
    /// File and files of dependencies, relative to `dir`, by name.
    loadable: HashMap<String, (String, Vec<String>)>,
    /// Names of modules that are part of the kernel itself.
    built_in: Vec<String>,
    /// The kernel's configuration. Not all that one would take for a module is one: MPTCP is there or not.
    config: String,
}

impl Own {
    /// Reads modules.dep and modules.builtin of `kernel`.
    pub(super) fn read(kernel: &Kernel) -> Result<Self> {
        let dir = kernel.modules();
        let read = |file: PathBuf| {
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
        };
        let dependencies = read(dir.join("modules.dep"))?;
        let built_in = read(dir.join("modules.builtin"))?;
        let config = read(kernel.build().join(".config"))?;
        Ok(Self::parse(dir, &dependencies, &built_in, config))
    }

    fn parse(dir: PathBuf, dependencies: &str, built_in: &str, config: String) -> Self {
        let words = |files: &str| files.split_whitespace().map(str::to_owned).collect();
        let loadable = dependencies
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(file, needs)| (name_of(file), (file.to_owned(), words(needs))))
            .collect();
        Self {
            dir,
            loadable,
            built_in: built_in.lines().map(name_of).collect(),
            config,
        }
    }

    /// What to load for the module `name`, dependencies first; nothing if the kernel has it built in.
    pub(super) fn find(&self, name: &str) -> Option<Vec<Module>> {
        let name = name.replace('-', "_");
        let option = format!("CONFIG_{}", name.to_uppercase());
        if self.built_in.contains(&name) || kernel::option(&self.config, &option) == Some("y") {
            return Some(Vec::new());
        }
        let (file, needs) = self.loadable.get(&name)?;
        // modules.dep lists the nearest dependency first.
        let files = needs.iter().rev().chain([file]);
        Some(
            files
                .map(|file| Module {
                    name: name_of(file),
                    file: self.dir.join(file),
                })
                .collect(),
        )
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.loadable
            .keys()
            .chain(&self.built_in)
            .map(String::as_str)
    }
}

/// What to load for `asked`, in that order, dependencies first. Ours are built.
pub(super) fn find(kernel: &Kernel, own: &Own, asked: &[String]) -> Result<Vec<Module>> {
    let ours = build_kmod::modules()?;
    let mut families: Vec<String> = Vec::new();
    for name in asked {
        if let Some((_, family)) = ours.iter().find(|(module, _)| module == name) {
            families.push(family.clone());
        } else if own.find(name).is_none() {
            let known = || ours.iter().map(|(module, _)| module.as_str());
            match suggest::nearest(name, known().chain(own.names())) {
                Some(near) => bail!("there is no module `{name}`; did you mean `{near}`?"),
                None => bail!(
                    "there is no module `{name}`: ours are {}, and the kernel's own are in {}",
                    known().collect::<Vec<_>>().join(", "),
                    kernel.modules().display()
                ),
            }
        }
    }
    let mut built = Vec::new();
    if !families.is_empty() {
        let files = build_kmod::build(&Tree::Ready(kernel.clone()), &families)?;
        built.extend(files.iter().map(|file| Module::of(file)));
    }
    let mut found = Vec::new();
    for name in asked {
        add(name, &built, own, &mut found)?;
    }
    Ok(found)
}

/// Adds a module and what it depends on to `found`, once each.
fn add(name: &str, ours: &[Module], own: &Own, found: &mut Vec<Module>) -> Result<()> {
    if found.iter().any(|module| module.name == name) {
        return Ok(());
    }
    if let Some(module) = ours.iter().find(|module| module.name == name) {
        let bytes = fs::read(&module.file)
            .with_context(|| format!("cannot read {}", module.file.display()))?;
        for needed in dependencies(&bytes) {
            add(&needed, ours, own, found)
                .with_context(|| format!("the module `{name}` needs `{needed}`"))?;
        }
        found.push(module.clone());
        return Ok(());
    }
    let needed = own
        .find(name)
        .with_context(|| format!("there is no module `{name}`"))?;
    for module in needed {
        if !found.contains(&module) {
            found.push(module);
        }
    }
    Ok(())
}

/// The names of the modules that the module with these bytes needs: `depends=a,b` in its section .modinfo.
fn dependencies(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let value = module[at + KEY.len()..]
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    String::from_utf8_lossy(value)
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The name of the module in a file: without directory and endings, and as the kernel spells it.
fn name_of(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split('.').next().unwrap_or(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        let dependencies = "\
kernel/net/9p/9pnet.ko.xz: kernel/fs/netfs/netfs.ko.xz
kernel/fs/netfs/netfs.ko.xz:
kernel/fs/9p/9p.ko.xz: kernel/net/9p/9pnet.ko.xz kernel/fs/netfs/netfs.ko.xz
kernel/lib/libcurve25519-generic.ko.xz:
";
        Own::parse(
            PathBuf::from("/m"),
            dependencies,
            "kernel/net/mptcp/mptcp_diag.ko\n",
            "CONFIG_MPTCP=y\n".to_owned(),
        )
    }

    fn names(modules: &[Module]) -> Vec<&str> {
        modules.iter().map(|module| module.name.as_str()).collect()
    }

    #[test]
    fn dependencies_come_first() {
        let found = own().find("9p").unwrap();
        assert_eq!(names(&found), ["netfs", "9pnet", "9p"]);
        assert_eq!(found[2].file, PathBuf::from("/m/kernel/fs/9p/9p.ko.xz"));
    }

    #[test]
    fn dash_and_underscore_are_the_same() {
        assert_eq!(
            names(&own().find("libcurve25519-generic").unwrap()),
            ["libcurve25519_generic"]
        );
        assert_eq!(
            names(&own().find("libcurve25519_generic").unwrap()),
            ["libcurve25519_generic"]
        );
    }

    #[test]
    fn built_in_means_nothing_to_load() {
        assert_eq!(own().find("mptcp_diag"), Some(Vec::new()));
        assert_eq!(own().find("mptcp"), Some(Vec::new()));
        assert_eq!(own().find("nine_p"), None);
    }

    #[test]
    fn our_modules_bring_what_they_depend_on() {
        let dir = tempfile::tempdir().unwrap();
        let module = |name: &str, info: &[u8]| {
            let file = dir.path().join(name).with_extension("ko");
            fs::write(&file, info).unwrap();
            Module {
                name: name.to_owned(),
                file,
            }
        };
        let ours = [
            module(
                "nltest",
                b"\x7fELF\0license=GPL\0depends=netfs\0name=nltest\0",
            ),
            module("nltest_trigger", b"\x7fELF\0depends=nltest,netfs\0"),
        ];
        let mut found = Vec::new();
        add("nltest_trigger", &ours, &own(), &mut found).unwrap();
        add("nltest", &ours, &own(), &mut found).unwrap();
        assert_eq!(names(&found), ["netfs", "nltest", "nltest_trigger"]);
        assert!(add("absent", &ours, &own(), &mut found).is_err());
    }
}
