//! Families that speak of hardware, through netdevsim, which pretends to be some.

mod devlink;
mod net_shaper;
mod queues;
mod settings;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::machine::{ifindex, in_new_netns};

/// A simulated device with ports, which are network devices, in a network namespace of its own.
struct Simulated {
    /// By which its bus knows it.
    number: u32,
}

impl Simulated {
    /// Runs `test` with a device of so many ports, each with so many queues of a kind.
    fn with(ports: u32, queues: u32, test: impl FnOnce(&Self) + Send) {
        static LAST: AtomicU32 = AtomicU32::new(0);
        in_new_netns(|| {
            let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
            let told = format!("{number} {ports} {queues}");
            fs::write("/sys/bus/netdevsim/new_device", told).expect("a new device");
            test(&Self { number });
        });
    }

    /// The name of a port's network device: nothing else in the namespace is called so.
    fn port(&self, number: u32) -> String {
        format!("eth{number}")
    }

    /// Writes a file of the first port's in debugfs.
    fn write(&self, file: &str, text: &str) {
        let dir = format!(
            "/sys/kernel/debug/netdevsim/netdevsim{}/ports/0",
            self.number
        );
        let path = Path::new(&dir).join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// The index of a port's network device.
    fn ifindex(&self, port: u32) -> u32 {
        ifindex(&self.port(port))
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        fs::write("/sys/bus/netdevsim/del_device", self.number.to_string()).expect("it is there");
    }
}
