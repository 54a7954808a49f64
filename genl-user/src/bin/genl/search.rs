//! Where the spec of a family is found.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use genl_user::dynamic::genl_schema::diag::nearest;

/// Where a kernel tree has its specs.
const IN_TREE: &str = "Documentation/netlink/specs";

/// Places to which `make install` of the kernel's tools/net/ynl and distributions put the specs.
const INSTALLED: [&str; 3] = [
    "/usr/local/share/ynl/specs",
    "/usr/share/ynl/specs",
    "/usr/src/linux/Documentation/netlink/specs",
];

/// The spec of a family, by its file's name or by the name inside.
///
/// # Errors
///
/// Nowhere is one; the error lists where it was looked for.
pub(crate) fn find(family: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folders = folders();
    for folder in &folders {
        if let Some(path) = find_in(folder, family) {
            return Ok(path);
        }
    }
    let mut said = format!("no spec of family \"{family}\" was found; ");
    let known = all();
    if let Some(near) = nearest(family, known.iter().map(|(name, _)| name.as_str())) {
        said += &format!("did you mean \"{near}\"? Else ");
    }
    said += "give one with --spec, or a folder with $GENL_SPEC_PATH. Looked in:";
    for folder in &folders {
        let state = match folder.is_dir() {
            true => "",
            false => " (no such folder)",
        };
        // Writing to a String does not fail.
        let _ = write!(said, "\n  {}{state}", folder.display());
    }
    Err(said.into())
}

/// All specs of generic netlink that can be found, each family's first: its name, and the file.
pub(crate) fn all() -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for path in folders().iter().flat_map(|folder| specs(folder)) {
        let Some(name) = name_inside(&path) else {
            continue;
        };
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, path));
        }
    }
    found.sort();
    found
}

/// The folders, the most particular first.
fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(path) = std::env::var_os("GENL_SPEC_PATH") {
        folders.extend(std::env::split_paths(&path).filter(|path| !path.as_os_str().is_empty()));
    }
    // Who stands in a kernel tree means that one.
    if Path::new(IN_TREE).is_dir() {
        folders.push(IN_TREE.into());
    }
    if let Ok(release) = std::fs::read_to_string("/proc/sys/kernel/osrelease") {
        let modules = Path::new("/lib/modules").join(release.trim());
        folders.extend(["source", "build"].map(|tree| modules.join(tree).join(IN_TREE)));
    }
    folders.extend(INSTALLED.map(PathBuf::from));
    folders
}

fn find_in(folder: &Path, family: &str) -> Option<PathBuf> {
    // A name with a slash would lead elsewhere.
    let plain = !family.contains(['/', '\0']);
    let by_file = folder.join(format!("{family}.yaml"));
    if plain && by_file.is_file() {
        return Some(by_file);
    }
    let mut specs = specs(folder).into_iter();
    specs.find(|path| name_inside(path).as_deref() == Some(family))
}

fn specs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    paths.sort();
    paths
}

/// The family's name in a spec of generic netlink, without understanding the rest of it.
fn name_inside(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let value = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key))?;
        let value = value.split(" #").next()?.trim();
        Some(value.trim_matches(['"', '\'']))
    };
    let is_raw = value("protocol:") == Some("netlink-raw");
    value("name:").filter(|_| !is_raw).map(str::to_owned)
}
