//! The tests that run in a VM: ours against our modules, and the kernel's own families.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::Result;

use super::counts::Counts;
use super::{shell, upstream};
use crate::kernel::Kind;
use crate::{build_kmod, cargo, setup, vm, workspace};

/// What a run has time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// All tests, without the slowest checks of the checking kernel.
    Full,
    /// With them, a request takes five times as long: so fewer entries and rounds, no store is filled, and only our own
    /// modules are tested.
    Leaks,
}

/// How long the tests may take; the checking kernel is 10 times as slow as the other.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Our modules that are there when the tests start.
const OURS: &[&str] = &[
    "kvstore",
    "nltest",
    "everything",
    "every_legacy",
    "every_per_op",
];

/// The distribution's modules whose families are talked to, and what these need. Nothing in the VM loads a module when
/// it is asked for, but in one test.
const DISTRIBUTION: &[&str] = &[
    "dummy",
    "veth",
    "wireguard",
    "openvswitch",
    "fou",
    "team",
    "team_mode_roundrobin",
    "team_mode_activebackup",
    "ovpn",
    "mac80211_hwsim",
];

/// What finds no leak that others do not find: one module of those that share a runtime is loaded with failing
/// allocations, other namespaces end with entries in them, and what only userspace does about events takes long where the
/// kernel is slow.
const NO_LEAKS: &[&str] = &[
    "limits::",
    "nltest_comes_whole",
    "everything_comes_whole",
    "a_slow_listener",
    "follow::",
    "genl::",
    "listen::",
    "namespaces::a_namespace_takes_its_store_along",
    "tasks::",
];

/// Runs the tests whose names contain `filter` in a VM with `kernel`.
pub(super) fn run(kernel: Kind, pace: Pace, filter: Option<&str>) -> Result<Counts> {
    let ready = setup::ensure(kernel)?;
    let tree = build_kmod::Tree::Ready(ready.clone());
    build_kmod::build(&tree, &[])?;
    let built = cargo::vm_tests(&upstream::on_host()?)?;

    let mut programs = vec![built.own];
    let mut skipped = others(kernel).to_vec();
    match pace {
        Pace::Full => programs.push(built.upstream),
        Pace::Leaks => skipped.extend(NO_LEAKS),
    }
    let mut arguments = vec![OsString::from("--test-threads=1")];
    arguments.extend(filter.map(OsString::from));
    arguments.extend(
        skipped
            .iter()
            .flat_map(|tests| ["--skip".into(), tests.into()]),
    );
    let mut request = vm::Request::new(kernel, shell::one_after_the_other(&programs, arguments))?;
    request.fast = kernel == Kind::Debug && pace == Pace::Full;
    request.modules = modules(kernel)?;
    request.timeout = TIMEOUT;
    request.keep_stdout = true;
    if kernel == Kind::Normal {
        // It is the checking kernel that finds what they do.
        request.env("GENL_TORTURE_MESSAGES", "10000");
    }
    if pace == Pace::Leaks {
        request.env("GENL_TEST_ENTRIES", "1000");
        request.env("GENL_TORTURE_MESSAGES", "2000");
        request.env("GENL_TEST_ROUNDS", "10");
        request.env("GENL_STRESS_SECONDS", "8");
    }
    request.env("GENL_MODULE_DIR", build_kmod::module_dir(&tree)?);
    request.env("GENL_BUILD_ROOT", setup::tools()?.dir());
    request.env(upstream::KERNEL_SOURCE, ready.source());
    request.env("GENL_TOOL", built.tool);
    request.env("RUST_BACKTRACE", "1");
    count(&vm::run(&request)?)
}

/// What the tests that ran in a VM came to.
pub(super) fn count(outcome: &vm::Outcome) -> Result<Counts> {
    outcome.show_faults();
    let mut counts = Counts::default();
    String::from_utf8_lossy(&outcome.stdout)
        .lines()
        .for_each(|line| counts.add(line));
    counts.check(outcome.exit_status() == 0)
}

/// The tests that are not for a kernel: each has what the other has not, and the checking one is slow. Python, a store
/// that is filled to its last entry, and what is about userspace alone, would have it do for minutes what it has seen
/// already.
fn others(kernel: Kind) -> &'static [&'static str] {
    match kernel {
        Kind::Normal => &["netdevsim::"],
        Kind::Debug => &[
            "distribution::",
            "elsewhere::",
            "genl::genl_says_that_changes_were_lost",
            "limits::a_store_holds_so_many_entries",
            "tools::",
        ],
    }
}

/// Ours, those that have tests of their own, and the distribution's; the checking kernel has those that it knows built
/// in.
fn modules(kernel: Kind) -> Result<Vec<String>> {
    let theirs = match kernel {
        Kind::Normal => DISTRIBUTION,
        Kind::Debug => &[],
    };
    let tests = workspace::root().join("genl-user/tests/vm");
    let tested = build_kmod::modules()?.into_iter().map(|(module, _)| module);
    let tested = tested
        .filter(|module| !OURS.contains(&module.as_str()))
        .filter(|module| tests.join(module).with_extension("rs").exists());
    let ours = OURS.iter().map(|module| (*module).to_owned());
    let theirs = theirs.iter().map(|module| (*module).to_owned());
    Ok(ours.chain(tested).chain(theirs).collect())
}
