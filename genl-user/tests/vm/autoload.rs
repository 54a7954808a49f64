//! Modules that the kernel loads when their families are asked for, by depmod(8) and modprobe(8) of
//! the build root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use genl_user::families::nltest::{Client, Events, Group, Hello};
use genl_user::{Connection, Error, Family};

use crate::guest::{Reload, file, unload};
use crate::tools::{in_build_root, stdout};

/// What the kernel calls to load a module.
const HELPER: &str = "/proc/sys/kernel/modprobe";

/// Lets the kernel load one module when it is asked for, until this is dropped.
struct Installed {
    dir: PathBuf,
    helper: String,
}

impl Installed {
    fn new(module: &str) -> Self {
        let dir = std::env::temp_dir().join("genl-installed");
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("/proc is mounted");
        let modules = dir.join("lib/modules").join(release.trim());
        fs::create_dir_all(&modules).expect("/tmp can be written");
        let installed = modules.join(module).with_extension("ko");
        fs::copy(file(module), installed).expect("/tmp has room");
        let mut depmod = in_build_root("usr/sbin/depmod");
        stdout(depmod.arg("--basedir").arg(&dir).arg(release.trim()));

        let modprobe = in_build_root("usr/sbin/modprobe");
        let words = [modprobe.get_program()]
            .into_iter()
            .chain(modprobe.get_args());
        let words: Vec<_> = words.map(|word| word.to_str().expect("UTF-8")).collect();
        let script = format!(
            "#!/bin/sh\nexec {} --dirname {} \"$@\"\n",
            words.join(" "),
            dir.display()
        );
        let path = dir.join("modprobe");
        fs::write(&path, script).expect("/tmp can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let helper = fs::read_to_string(HELPER).expect("/proc is mounted");
        fs::write(HELPER, path.to_str().expect("UTF-8")).expect("root may say so");
        Self { dir, helper }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        fs::write(HELPER, self.helper.trim_end()).expect("root may say so");
        fs::remove_dir_all(&self.dir).expect("it is ours");
    }
}

#[test]
fn who_asks_for_a_family_has_its_module_loaded() {
    let _reload = Reload("nltest");
    unload("nltest").expect("nobody uses it");
    let absent = Client::open().map(drop);
    assert!(
        matches!(absent, Err(Error::UnknownFamily { .. })),
        "{absent:?}"
    );

    // From then on the kernel finds it by its alias.
    let _installed = Installed::new("nltest");
    let mut client = Client::open().expect("it is loaded");
    let hello = Hello { text: "hello" };
    client.hello(&hello).expect("hello");

    unload("nltest").expect("nobody uses it");
    Events::open(&[Group::Chat]).expect("it is loaded");
    unload("nltest").expect("nobody uses it");
    // As happens to who has known it before.
    client.hello(&hello).expect("it is loaded");

    // What no module has is not waited for.
    static NOBODYS: Family = Family {
        name: "nobodys",
        version: 1,
    };
    let absent = Connection::open(&NOBODYS).map(drop);
    assert!(
        matches!(absent, Err(Error::UnknownFamily { .. })),
        "{absent:?}"
    );
}
