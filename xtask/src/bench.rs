//! `cargo xtask bench`: what our clients cost, beside those of others and the same calls made by hand; and what it costs
//! to make code of the kernel's specs, beside the kernel tree's own generator. With `--kernel`: what a module costs,
//! beside the same one in C.

mod figures;
mod footprint;
mod goals;
pub(crate) mod kernel;
mod machine;
mod page;
pub(crate) mod peers;
mod plot;
mod specs;
mod table;
mod versions;

use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::kernel::Kind;
use crate::{setup, vm, workspace};

use figures::Figures;
use machine::Machine;
use peers::{Peer, Peers};

/// Measure the clients beside those of others, on this machine's own kernel and in a VM, and the generator beside YNL's
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure a kernel module beside the same one in C instead, in a VM; fails if it costs too much
    #[arg(long)]
    kernel: bool,
    /// Print a JSON array of objects instead of tables: one a client in a case, one a reader of events, one a goal, one a
    /// step of the generator
    ///
    /// Of a client in a case, an operation each: `case`, `threads`, `client`, `best_ns` and `ns` (the median), `allocs`,
    /// `syscalls`, `waits` (context switches because there was nothing to do), null where it cannot be told;
    /// `ratio_to_raw`, the median of the rounds' ratios to the raw client, and `ratio_quartiles`, where that does the
    /// case too; `gb_per_s` in the case `decode`. Where there is no KVM, `best_ns` and `ns` of kvstore's cases (`get`,
    /// `set`, `list`) and `cpu_ns` of `events` are instructions, not nanoseconds. Of a reader of events: `case` is `events`, then `client`, `received`,
    /// `overruns` (how often it was told of a loss), `cpu_ns`, `allocs` and `waits`, an event each; null if it never came to
    /// the end. Of a goal: `goal`, `measured`, what the raw client has in that place (`raw`, or null), and `met`, null if it
    /// was not measured. Of a step of the generator: `case`, which begins with `specs: `, `client`, `ns`, and `ratio_to_ynl`
    /// where YNL's generator does it too.
    #[arg(long)]
    json: bool,
    /// Write the page of figures and its plots anew (genl-user/BENCHMARKS.md)
    #[arg(long, conflicts_with = "kernel")]
    write_docs: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.kernel {
        return kernel::run(options.json);
    }
    let peers = peers::build()?;
    let driver = peers::driver()?;
    let machine = Machine::look()?;
    let mut figures = Figures::default();
    figures.read(&on_host(&driver, &peers)?)?;
    // Where QEMU translates, time says nothing of a processor: so the VM counts instructions.
    let counted_in_vm = !vm::is_virtualised()?;
    figures.read(&in_vm(&driver, &peers, counted_in_vm)?)?;
    let steps = specs::measure()?;
    let measured = page::Measured {
        machine: &machine,
        peers: &peers,
        figures: &figures,
        counted_in_vm,
    };
    if options.write_docs {
        write_docs(&measured)?;
    }
    match options.json {
        true => {
            let objects = [measured.objects(), specs::objects(&steps)].concat();
            println!("[\n{}\n]", objects.join(",\n"));
        }
        false => print!("{}\n{}", measured.text(), specs::table(&steps)),
    }
    Ok(())
}

/// The page and its plots.
fn write_docs(measured: &page::Measured<'_>) -> Result<()> {
    let user = workspace::root().join("genl-user");
    let plots = user.join("benches/plots");
    crate::cache::make_dir(&plots)?;
    let mut files = vec![(user.join("BENCHMARKS.md"), measured.page())];
    for (case, svg) in measured.plots() {
        files.push((plots.join(case).with_extension("svg"), svg));
    }
    for (file, text) in files {
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// What the driver is told of the clients.
fn arguments(place: &str, peers: &[Peer]) -> Vec<OsString> {
    let mut arguments = vec![place.into()];
    for Peer { name, command, .. } in peers {
        arguments.extend(["--peer".into(), name.into()]);
        arguments.extend(command.iter().cloned());
    }
    arguments
}

fn on_host(driver: &std::path::Path, peers: &Peers) -> Result<String> {
    eprintln!("measuring on this machine's kernel ...");
    let output = Command::new(driver)
        .args(arguments("host", &peers.all))
        .envs(peers.environment.iter().cloned())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the benchmark")?;
    ensure!(
        output.status.success(),
        "the benchmark failed ({}); what it said is above",
        output.status
    );
    String::from_utf8(output.stdout).context("the benchmark printed no text")
}

fn in_vm(driver: &std::path::Path, peers: &Peers, counting: bool) -> Result<String> {
    eprintln!("measuring the calls of a module in a VM ...");
    crate::build_kmod::build(
        &crate::build_kmod::Tree::Ready(setup::ensure(Kind::Normal)?),
        &["kvstore".to_owned()],
    )?;
    let place = match counting {
        true => "store-counted",
        false => "store",
    };
    let command = std::iter::once(driver.into()).chain(arguments(place, &peers.all));
    let mut request = vm::Request::new(Kind::Normal, command)?;
    request.counting = counting;
    if counting {
        request.cpus = 1;
    }
    for (name, value) in &peers.environment {
        request.env(name, value);
    }
    request.modules = vec!["kvstore".to_owned()];
    request.timeout = std::time::Duration::from_secs(3600);
    request.keep_stdout = true;
    request.hide_stdout = true;
    let outcome = vm::run(&request)?;
    outcome.show_faults();
    ensure!(
        outcome.exit_status() == 0,
        "the benchmark failed in the VM, see above"
    );
    String::from_utf8(outcome.stdout).context("the benchmark printed no text")
}

/// What a benchmark program prints.
fn cargo_bench(
    package: &str,
    bench: &str,
    environment: &[(&'static str, OsString)],
) -> Result<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--quiet", "--package", package, "--bench", bench])
        .envs(environment.iter().cloned())
        .current_dir(workspace::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "the benchmark failed ({}); what it said is above",
        output.status
    );
    String::from_utf8(output.stdout).context("the benchmark printed no text")
}
