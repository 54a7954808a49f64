//! `cargo xtask vm`: runs a command on a kernel of its own, with the host's files visible.

mod console;
mod guest;
mod initramfs;
mod kvm;
mod modules;
mod qemu;
mod watch;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::kernel::{Kernel, Kind};
use crate::{setup, workspace};

/// Boot the kernel, load modules, and run a command with the host's files visible read-only
///
/// Output and exit status are the command's; /tmp is writable. A fault of the kernel (BUG, WARNING, KASAN,
/// lockdep, hung task, leak, ...) fails the run. Exit status 125: the VM itself failed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Boot the checking kernel; memory that the modules leak is found too
    #[arg(long)]
    debug: bool,
    /// Boot the checking kernel with its slowest checks off: leaks, and lifetimes of objects
    #[arg(long, requires = "debug")]
    fast: bool,
    /// Modules to load, in this order: ours, which are built, and the kernel's own with what they depend on
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    modules: Vec<String>,
    /// Seconds that the command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,
    /// Memory of the VM in MiB [default: 1024, with --debug 2048]
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// Processors of the VM
    #[arg(long, value_name = "N", default_value_t = 2)]
    cpus: u32,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Exit status when it is the VM that failed, not the command.
const VM_FAILED: u8 = 125;

/// Of the VMs before, how many logs are kept.
const LOGS_KEPT: usize = 20;

/// File systems for the host's files, and what makes their copies writable.
const BOOT_MODULES: &[&str] = &["9pnet_virtio", "9p", "overlay"];

/// Runs the verb, and gives the exit status that this process must have.
pub(crate) fn main(options: &Options) -> ExitCode {
    let outcome = Request::from_options(options).and_then(|request| run(&request));
    match outcome {
        Ok(outcome) => {
            outcome.show_faults();
            ExitCode::from(outcome.exit_status())
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(VM_FAILED)
        }
    }
}

/// Finds out how to run VMs on this machine, and says so where it is not the fast way. The answer is remembered.
pub(crate) fn probe(cache: &Cache, kernel: &Kernel) -> Result<()> {
    kvm::choose(cache, kernel).map(|_| ())
}

/// Whether the processor runs a VM's instructions (KVM), and QEMU does not translate them.
pub(crate) fn is_virtualised() -> Result<bool> {
    let kernel = setup::ensure(Kind::Normal)?;
    Ok(kvm::choose(&Cache::find()?, &kernel)? == qemu::Accelerator::Kvm)
}

/// The files of the kernel's own modules `names` and of what they depend on, in the order in which they can be loaded.
pub(crate) fn own_modules(kernel: &Kernel, names: &[&str]) -> Result<Vec<PathBuf>> {
    let own = modules::Own::read(kernel)?;
    let mut files = Vec::new();
    for name in names {
        let needed = own
            .find(name)
            .with_context(|| format!("the kernel {} has no {name}", kernel.release))?;
        for module in needed {
            if !files.contains(&module.file) {
                files.push(module.file);
            }
        }
    }
    Ok(files)
}

/// What to run, and on what.
pub(crate) struct Request {
    /// The kernel to boot, which is made ready if it is not.
    pub(crate) kernel: Kind,
    /// Only for the checking kernel: its slowest checks are off, leaks are not looked for.
    pub(crate) fast: bool,
    /// The guest's clock counts instructions: a nanosecond is one. For a single processor of the normal kernel.
    pub(crate) counting: bool,
    /// Modules to load before the command and to unload after it.
    pub(crate) modules: Vec<String>,
    /// Files of modules that are to be loaded after these.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) command: Vec<OsString>,
    /// All of the command's environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
    /// How long the command may take.
    pub(crate) timeout: Duration,
    /// In MiB.
    pub(crate) memory: u32,
    pub(crate) cpus: u32,
    /// What the command writes to stdout is not only passed on but kept as well.
    pub(crate) keep_stdout: bool,
    /// What it writes to stdout is not passed on.
    pub(crate) hide_stdout: bool,
}

impl Request {
    /// Runs `command` with this process's environment and directory, and passes its output on.
    pub(crate) fn new<A: Into<OsString>>(
        kernel: Kind,
        command: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        Ok(Self {
            kernel,
            fast: false,
            counting: false,
            modules: Vec::new(),
            files: Vec::new(),
            command: command.into_iter().map(Into::into).collect(),
            environment: std::env::vars_os().collect(),
            directory: std::env::current_dir().context("cannot find out the working directory")?,
            timeout: Duration::from_secs(1800),
            memory: match kernel {
                Kind::Normal => 1024,
                Kind::Debug => 2048,
            },
            cpus: 2,
            keep_stdout: false,
            hide_stdout: false,
        })
    }

    fn from_options(options: &Options) -> Result<Self> {
        let kernel = if options.debug {
            Kind::Debug
        } else {
            Kind::Normal
        };
        let request = Self::new(kernel, &options.command)?;
        Ok(Self {
            fast: options.fast,
            modules: options.modules.clone(),
            timeout: Duration::from_secs(options.timeout),
            memory: options.memory.unwrap_or(request.memory),
            cpus: options.cpus,
            ..request
        })
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.into(), value.into()));
    }
}

/// How a run went.
pub(crate) struct Outcome {
    /// The command's exit status, 128 and the signal's number if one killed it.
    pub(crate) status: u8,
    /// What the kernel did wrong, each as a text of several lines; empty if all is well.
    pub(crate) faults: Vec<String>,
    /// What the command wrote, if the request asks for it.
    pub(crate) stdout: Vec<u8>,
    /// From power-on to the command's start.
    pub(crate) boot: Duration,
    /// From the command's start to its end.
    pub(crate) command: Duration,
    /// The kernel's console.
    pub(crate) log: PathBuf,
}

impl Outcome {
    /// The command's status, or 1 if only the kernel is at fault.
    pub(crate) fn exit_status(&self) -> u8 {
        if self.status == 0 && !self.faults.is_empty() {
            1
        } else {
            self.status
        }
    }

    /// Shows on stderr what the kernel did wrong, if anything.
    pub(crate) fn show_faults(&self) {
        for fault in &self.faults {
            eprintln!("\nkernel fault:\n{fault}");
        }
        if !self.faults.is_empty() {
            eprintln!(
                "\nerror: the kernel is at fault, see above; all that it said is in {}",
                self.log.display()
            );
        }
    }
}

/// Boots, runs, and looks at what the kernel has to say.
///
/// # Errors
///
/// The VM could not be started, or did not get through its task: it hung, died, panicked.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    if request.command.is_empty() {
        bail!("there is no command to run");
    }
    let kernel = setup::ensure(request.kernel)?;
    let own = modules::Own::read(&kernel)?;
    let mut requested = modules::find(&kernel, &own, &request.modules)?;
    requested.extend(request.files.iter().map(|file| modules::Module::of(file)));
    let mut boot_modules = Vec::new();
    for name in BOOT_MODULES {
        let needed = own
            .find(name)
            .with_context(|| format!("the kernel {} has no {name}", kernel.release))?;
        for module in needed {
            if !boot_modules.contains(&module) {
                boot_modules.push(module);
            }
        }
    }
    let modules: Vec<_> = requested
        .into_iter()
        .filter(|module| !boot_modules.contains(module))
        .collect();
    let check = request.kernel == Kind::Debug && !request.fast;
    let initramfs = guest::pack(&guest::Task {
        boot_modules: &boot_modules,
        modules: &modules,
        command: &request.command,
        environment: &request.environment,
        directory: &request.directory,
        find_leaks: check,
    })?;
    let accelerator = match request.counting {
        true => qemu::Accelerator::Counting,
        false => kvm::choose(&Cache::find()?, &kernel)?,
    };
    let start = || {
        let log = new_log()?;
        let running = qemu::start(&qemu::Machine {
            root: kernel.root(),
            accelerator,
            image: &kernel.image(),
            initramfs: &initramfs,
            parameters: parameters(request),
            memory: request.memory,
            cpus: request.cpus,
            log: &log,
        })?;
        let followed = watch::follow(running, request);
        let console = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let reports = console::reports(&String::from_utf8_lossy(&console));
        Ok::<_, anyhow::Error>((log, followed, reports))
    };
    let (mut log, mut followed, mut reports) = start()?;
    // On a busy host a guest has been seen to stop for good in the middle of its boot, before anything of ours has run. A
    // kernel that is to blame says so, or does it again.
    if reports.is_empty()
        && let Err(error) = &followed
        && error.is::<watch::NotBooted>()
    {
        eprintln!(
            "{error}, though its kernel complains of nothing: once more (all that it said is in {})",
            log.display()
        );
        (log, followed, reports) = start()?;
    }
    match followed {
        Ok(verdict) => Ok(Outcome {
            status: verdict.status,
            faults: reports.into_iter().chain(verdict.faults).collect(),
            stdout: verdict.stdout,
            boot: verdict.boot,
            command: verdict.command,
            log,
        }),
        Err(error) => {
            let reports: String = reports
                .iter()
                .map(|report| format!("kernel fault:\n{report}\n\n"))
                .collect();
            bail!(
                "{error:#}\n{reports}all that the kernel said is in {}",
                log.display()
            )
        }
    }
}

/// What the kernel is told on its command line.
fn parameters(request: &Request) -> &'static str {
    match (request.kernel, request.fast) {
        // The only clock that counts is the processor's own.
        (Kind::Normal, _) if request.counting => "clocksource=tsc tsc=reliable",
        (Kind::Normal, _) => "",
        // While identify_cpu() (arch/x86/kernel/cpu/common.c) collects the processor's features anew, the kernel
        // takes itself for one with four levels of page tables; where it has five, KASAN reports whatever an
        // interrupt then touches. So it gets four.
        (Kind::Debug, true) => "no5lvl kmemleak=off no_debug_objects",
        // Without checks the allocator keeps arrays of pointers to objects (sheaves in mm/slub.c), and what is
        // left in those would look to the search for leaks as if it were still in use.
        (Kind::Debug, false) => "no5lvl slab_debug=F",
    }
}

/// A log that no other run has; the oldest ones are removed.
fn new_log() -> Result<PathBuf> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let log = workspace::log(&format!("vm-{}-{run}", std::process::id()))?;
    let dir = log.parent().unwrap_or(Path::new("/"));
    let mut logs: Vec<_> = fs::read_dir(dir)?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("vm-"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    logs.sort();
    for (_, old) in logs.iter().rev().skip(LOGS_KEPT) {
        // Another run may have been first.
        fs::remove_file(old).ok();
    }
    // A process of the same number, long ago, may have had it.
    fs::remove_file(&log).or_else(|error| if log.exists() { Err(error) } else { Ok(()) })?;
    Ok(log)
}
