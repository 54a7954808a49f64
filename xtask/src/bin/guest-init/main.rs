//! The init of the VMs that `cargo xtask vm` boots.
//!
//! It makes the host's files visible, loads modules, runs the command, unloads the modules, looks for leaks,
//! and powers off. What to do is read from files of the initramfs, made by src/vm/guest.rs; what happens is
//! told to the host on a port, see [`control`].

mod control;
mod files;
mod leaks;
mod modules;
mod network;
mod task;

use std::time::Duration;

use control::Control;

fn main() {
    // Of no use to a PID 1 that has no console: whatever goes wrong is told to the host.
    let outcome = files::mount_first().and_then(|()| Control::open());
    match outcome {
        Ok(mut control) => {
            if let Err(error) = run(&mut control) {
                control.say(&format!("failed {error}"));
            }
        }
        Err(error) => eprintln!("init: {error}"),
    }
    power_off()
}

fn run(control: &mut Control) -> Result<(), String> {
    control.say("up");
    let task = task::Task::read()?;
    for name in &task.boot_modules {
        modules::load(name)?;
    }
    let module_files = modules::open(&task.modules)?;
    files::enter_host()?;
    network::loopback_up()?;
    on_own_stack(|| {
        let mut modules = task.modules.iter().zip(&module_files);
        modules.try_for_each(|(name, file)| modules::load_file(name, file))
    })?;
    let output = control::Output::open()?;
    control.say("run");
    let status = task.run(output)?;
    control.say(&format!("exit {status}"));

    let symbols = leaks::Symbols::of_modules();
    let faults: Vec<_> = on_own_stack(|| {
        let unloaded = task.modules.iter().rev().map(|name| modules::unload(name));
        unloaded.filter_map(Result::err).collect()
    });
    for fault in faults {
        control.say(&format!("fault {fault}"));
    }
    if task.find_leaks
        && let Some(leaks) = leaks::find(&symbols)?
    {
        control.say(&format!("fault {leaks}"));
    }
    control.say("done");
    Ok(())
}

/// Calls `work` on a thread that has ended when this returns: what its system calls leave on a stack of the kernel
/// would look to the search for leaks as if it were still in use.
fn on_own_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Ends the machine; should that fail, the host ends it at its deadline.
fn power_off() -> ! {
    rustix::fs::sync();
    let _ = rustix::system::reboot(rustix::system::RebootCommand::PowerOff);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}
