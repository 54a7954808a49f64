//! `cargo xtask torture`: hostile use of a family, in a VM.
//!
//! What is sent, and what is looked at, is in genl-user/tests/vm/hostile.rs and churn.rs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

use crate::kernel::Kind;
use crate::{build_kmod, cargo, setup, vm, workspace};

/// Send a family hostile messages in a VM, made from its spec and then spoiled
///
/// Fails if the kernel reports a fault, answers what it must not, or, with kvstore, holds anything else than it
/// accepted. What was sent follows from the seed, which is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One of schema/families, or the path of a spec whose family the kernel has
    family: String,
    /// How many messages to send
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    messages: u64,
    /// What all messages follow from [default: the time]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Begin with this datagram, whose number a failed run has told
    #[arg(long, value_name = "N", default_value_t = 0)]
    first: u64,
    /// Instead of sending messages, load and unload the module under traffic, so many times; kvstore only
    #[arg(long, value_name = "N", conflicts_with_all = ["messages", "seed", "first"])]
    rounds: Option<u64>,
    /// Boot the checking kernel
    #[arg(long)]
    debug: bool,
    /// Boot the checking kernel with its slowest checks off: leaks, and lifetimes of objects
    #[arg(long, requires = "debug")]
    fast: bool,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 6 * 3600)]
    timeout: u64,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let kind = match options.debug {
        true => Kind::Debug,
        false => Kind::Normal,
    };
    let spec = spec(&options.family)?;
    ensure!(
        options.rounds.is_none() || options.family == "kvstore",
        "the traffic for --rounds is kvstore's: `cargo xtask torture kvstore --rounds …`"
    );
    let tree = build_kmod::Tree::Ready(setup::ensure(kind)?);
    let modules = modules(&spec);
    build_kmod::build(&tree, &modules)?;

    let test = match options.rounds {
        Some(_) => "churn::modules_come_and_go_under_load",
        None => "hostile::any_family_stands_it",
    };
    let mut command = vec![OsString::from(cargo::torture()?)];
    command.extend([test, "--exact", "--include-ignored", "--nocapture"].map(OsString::from));
    let mut request = vm::Request::new(kind, command)?;
    request.fast = options.fast;
    request.modules = modules;
    request.timeout = Duration::from_secs(options.timeout);
    request.env("GENL_MODULE_DIR", build_kmod::module_dir(&tree)?);
    request.env("GENL_TORTURE_SPEC", spec);
    request.env("GENL_TORTURE_MESSAGES", options.messages.to_string());
    request.env("GENL_TORTURE_FIRST", options.first.to_string());
    let seed = seed(options)?;
    request.env("GENL_TORTURE_SEED", seed.to_string());
    if let Some(rounds) = options.rounds {
        request.env("GENL_TEST_ROUNDS", rounds.to_string());
    }
    let outcome = vm::run(&request).with_context(|| {
        // A kernel that panics takes along who would say which datagram it was.
        format!(
            "to send it again: `--seed {seed} --first N`, with N as the last line above tells it"
        )
    })?;
    outcome.show_faults();
    ensure!(
        outcome.exit_status() == 0,
        "the family, or the kernel, did not stand it; see above"
    );
    Ok(())
}

/// The spec of a family that ships, or the file itself.
fn spec(family: &str) -> Result<PathBuf> {
    let shipped = workspace::root()
        .join("schema/families")
        .join(family)
        .with_extension("yaml");
    let file = match shipped.exists() {
        true => shipped,
        false => PathBuf::from(family),
    };
    match file.canonicalize() {
        Ok(file) => Ok(file),
        Err(_) => bail!("{family} is neither a family of schema/families nor a spec's path"),
    }
}

/// Our module of the family, if there is one; the kernel has the other families itself.
fn modules(spec: &Path) -> Vec<String> {
    let name = spec.file_stem().unwrap_or_default().to_string_lossy();
    let ours = workspace::root()
        .join("genl-kmod")
        .join(&*name)
        .join("Kbuild");
    match ours.exists() {
        true => vec![name.into_owned()],
        false => Vec::new(),
    }
}

fn seed(options: &Options) -> Result<u64> {
    match options.seed {
        Some(seed) => Ok(seed),
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            Ok(now.context("the clock stands before 1970")?.as_secs())
        }
    }
}
