//! What the figures were measured on.

use std::fs;
use std::process::Command;

use anyhow::Result;

/// The machine as a page of figures describes it.
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) processors: usize,
    pub(super) kernel: String,
    pub(super) rustc: String,
    /// How many programs wanted to run, on average of the minute before.
    pub(super) load: f64,
}

impl Machine {
    pub(super) fn look() -> Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
        let model = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let model = model
            .unwrap_or_default()
            .trim_start_matches([' ', '\t', ':']);
        let rustc = Command::new("rustc").arg("--version").output()?.stdout;
        Ok(Self {
            processor: model.to_owned(),
            processors: std::thread::available_parallelism()?.get(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            rustc: String::from_utf8_lossy(&rustc).trim().to_owned(),
            load: load()?,
        })
    }

    /// Whether others had so much to do that times tell little, and only ratios something.
    pub(super) fn is_busy(&self) -> bool {
        self.load > self.processors as f64 / 2.0
    }
}

fn load() -> Result<f64> {
    let loadavg = fs::read_to_string("/proc/loadavg")?;
    let first = loadavg.split(' ').next().unwrap_or_default();
    Ok(first.parse()?)
}
