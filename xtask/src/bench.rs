//! `cargo xtask bench`: what a call costs, beside the same call made by hand; and what it costs to
//! make code of the kernel's specs, beside the kernel tree's own generator. With `--kernel`: what a
//! module costs, beside the same one in C.

mod footprint;
pub(crate) mod kernel;
mod specs;

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// Measure the client beside raw system calls, on this machine's own kernel, and the generator beside YNL's
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure a kernel module beside the same one in C instead, in a VM; fails if it costs too much
    #[arg(long)]
    kernel: bool,
    /// Print an array of objects, one a case and client, instead of a table
    #[arg(long)]
    json: bool,
}

/// One client in one case, as the benchmark program prints it.
struct Row<'a> {
    case: &'a str,
    client: &'a str,
    best_ns: f64,
    median_ns: f64,
    /// Median of the rounds' ratios to the raw client's time in the same round.
    ratio: f64,
    allocs: f64,
    syscalls: f64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.kernel {
        return kernel::run(options.json);
    }
    let output = cargo_bench("genl-user", "rpc", &[])?;
    let rows = output.lines().map(row).collect::<Result<Vec<_>>>()?;
    let steps = specs::measure()?;
    match options.json {
        true => {
            let objects = [objects(&rows), specs::objects(&steps)].concat();
            println!("[\n{}\n]", objects.join(",\n"));
        }
        false => print!("{}\n{}", table(&rows), specs::table(&steps)),
    }
    Ok(())
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

fn row(line: &str) -> Result<Row<'_>> {
    let fields: Vec<_> = line.split(' ').collect();
    let &[case, client, best, median, ratio, allocs, syscalls] = &fields[..] else {
        anyhow::bail!("the benchmark printed a line that is no result: {line}");
    };
    let number = |text: &str| -> Result<f64> {
        text.parse()
            .with_context(|| format!("the benchmark printed no number: {text}"))
    };
    Ok(Row {
        case,
        client,
        best_ns: number(best)?,
        median_ns: number(median)?,
        ratio: number(ratio)?,
        allocs: number(allocs)?,
        syscalls: number(syscalls)?,
    })
}

fn table(rows: &[Row<'_>]) -> String {
    let mut text = format!(
        "{:<16} {:<10} {:>10} {:>10} {:>7} {:>7} {:>9}\n",
        "case", "client", "best ns", "median ns", "x raw", "allocs", "syscalls"
    );
    for row in rows {
        text.push_str(&format!(
            "{:<16} {:<10} {:>10.0} {:>10.0} {:>7.3} {:>7} {:>9}\n",
            row.case, row.client, row.best_ns, row.median_ns, row.ratio, row.allocs, row.syscalls
        ));
    }
    text.push_str("an operation each; x raw is the median of the rounds' ratios\n");
    text
}

/// `ns` is the median. The names need no escaping: they are our own.
fn objects(rows: &[Row<'_>]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            format!(
                r#"  {{"case": "{}", "client": "{}", "ns": {}, "ratio_to_raw": {}, "allocs": {}, "syscalls": {}}}"#,
                row.case, row.client, row.median_ns, row.ratio, row.allocs, row.syscalls
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_an_object() {
        let rows = [row("getfamily-do genl-user 900.1 1000.5 1.050 0.000 2.000").unwrap()];
        assert_eq!(
            objects(&rows),
            [
                "  {\"case\": \"getfamily-do\", \"client\": \"genl-user\", \"ns\": 1000.5, \
              \"ratio_to_raw\": 1.05, \"allocs\": 0, \"syscalls\": 2}"
            ]
        );
        assert!(table(&rows).contains("1.050"));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(row("warning: something").is_err());
        assert!(row("getfamily-do genl-user 900.1 1000.5 1.050 zero 2").is_err());
    }
}
