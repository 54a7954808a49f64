//! Finds out whether KVM works here: /dev/kvm can exist and yet hang.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::guest::{self, Task};
use super::qemu::{self, Accelerator, Machine};
use crate::build_root::BuildRoot;
use crate::cache::Cache;
use crate::kernel::Kernel;
use crate::workspace;

/// How long a guest may take to reach its init if KVM works; it takes a second.
const DEADLINE: Duration = Duration::from_secs(10);

/// The accelerator to use. Where KVM is offered it is tried once, and the answer is kept in the cache.
pub(super) fn choose(cache: &Cache, kernel: &Kernel) -> Result<Accelerator> {
    if File::options()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_err()
    {
        return Ok(Accelerator::Tcg);
    }
    let answer = cache.path("kvm");
    let host = host(kernel.root());
    if let Some((known, verdict)) = fs::read_to_string(&answer)
        .ok()
        .as_deref()
        .and_then(|text| text.split_once('\n'))
        && known == host
    {
        return Ok(if verdict.trim() == "works" {
            Accelerator::Kvm
        } else {
            Accelerator::Tcg
        });
    }
    let log = workspace::log("kvm-probe")?;
    let works = probe(kernel, &log)?;
    if !works {
        eprintln!(
            "KVM is there but does not boot a kernel (see {}); going on without it, which is slower",
            log.display()
        );
    }
    // Not being able to remember costs the next run a probe, no more.
    fs::write(
        &answer,
        format!("{host}\n{}\n", if works { "works" } else { "fails" }),
    )
    .ok();
    Ok(if works {
        Accelerator::Kvm
    } else {
        Accelerator::Tcg
    })
}

/// What the answer depends on, in one line: the host's kernel and processor, and QEMU.
fn host(root: &BuildRoot) -> String {
    let uname = rustix::system::uname();
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find(|line| line.starts_with("model name"))
        .unwrap_or_default();
    let qemu = root.qemu().arg("--version").output();
    let qemu = qemu.map(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    format!(
        "{} {} {cpu} {}",
        uname.release().to_string_lossy(),
        uname.version().to_string_lossy(),
        qemu.unwrap_or_default()
    )
}

/// Whether a guest gets as far as its init.
fn probe(kernel: &Kernel, log: &Path) -> Result<bool> {
    let task = Task {
        boot_modules: &[],
        modules: &[],
        command: &[],
        environment: &[],
        directory: Path::new("/"),
        find_leaks: false,
    };
    let initramfs = guest::pack(&task)?;
    fs::remove_file(log).ok();
    let running = qemu::start(&Machine {
        root: kernel.root(),
        accelerator: Accelerator::Kvm,
        image: &kernel.image(),
        initramfs: &initramfs,
        parameters: "",
        memory: 512,
        cpus: 1,
        log,
    })?;
    running.control.set_read_timeout(Some(DEADLINE))?;
    // QEMU that ends at once, because it may not use the device, gives no byte either.
    Ok(matches!((&running.control).read(&mut [0]), Ok(1)))
}
