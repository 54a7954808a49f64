//! Who pays for a store: the memory cgroup of the process that fills it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::guest::in_new_netns;
use crate::{open, put};

/// A memory cgroup that this process is in.
struct Cgroup {
    root: PathBuf,
    own: PathBuf,
}

impl Cgroup {
    /// `None` on a kernel that has no cgroups, as the checking one.
    fn enter() -> Option<Self> {
        if !Path::new("/proc/cgroups").exists() {
            return None;
        }
        let root = std::env::temp_dir().join("cgroup");
        let own = root.join("filler");
        fs::create_dir(&root).expect("a place to mount at");
        let mounted = Command::new("mount")
            .args(["-t", "cgroup2", "none"])
            .arg(&root)
            .status()
            .expect("mount runs");
        assert!(mounted.success());
        fs::write(root.join("cgroup.subtree_control"), "+memory").expect("memory is controlled");
        fs::create_dir(&own).expect("a cgroup");
        fs::write(own.join("cgroup.procs"), "0").expect("this process moves");
        Some(Self { root, own })
    }

    /// How much memory of the kernel's the cgroup pays for, in bytes.
    fn slab(&self) -> usize {
        let stat = fs::read_to_string(self.own.join("memory.stat")).expect("its memory");
        let line = stat.lines().find_map(|line| line.strip_prefix("slab "));
        line.expect("slab").parse().expect("a number")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        fs::write(self.root.join("cgroup.procs"), "0").expect("this process moves back");
    }
}

#[test]
fn who_fills_a_store_pays_for_it() {
    const VALUE: [u8; 4000] = [0x5a; 4000];
    const COUNT: usize = 2000;
    let Some(cgroup) = Cgroup::enter() else {
        return;
    };
    in_new_netns(|| {
        let mut kv = open();
        let before = cgroup.slab();
        for number in 0..COUNT {
            put(&mut kv, &number.to_string(), &VALUE);
        }
        let taken = cgroup.slab().saturating_sub(before);
        assert!(taken >= COUNT * VALUE.len(), "{taken} bytes are paid for");
    });
}
