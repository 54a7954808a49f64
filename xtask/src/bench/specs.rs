//! What it costs to make clients and uAPI headers of the kernel's generic netlink specs.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::cargo_bench;
use crate::test::upstream;

/// One step of the work, for all specs together.
pub(super) struct Step {
    case: &'static str,
    program: &'static str,
    ns: f64,
    /// To the kernel tree's generator, which only has the whole.
    ratio: Option<f64>,
}

/// The steps as the benchmark program calls them, and as people do.
const STEPS: [(&str, &str); 5] = [
    ("once", "all, the first time"),
    ("all", "all"),
    ("understand", "parse and resolve"),
    ("client", "emit clients"),
    ("header", "emit headers"),
];

pub(super) fn measure() -> Result<Vec<Step>> {
    let environment = upstream::on_host()?;
    let output = cargo_bench("genl-schema", "specs", &environment)?;
    let times = STEPS
        .iter()
        .map(|(step, _)| time_of(step, &output))
        .collect::<Result<Vec<_>>>()?;
    let rival = rival(&environment, &specs(&output))?;
    let mut steps: Vec<_> = STEPS
        .iter()
        .zip(times)
        .map(|((step, case), ns)| Step {
            case,
            program: "genl-schema",
            ns,
            ratio: matches!(*step, "once" | "all").then_some(ns / rival),
        })
        .collect();
    steps.push(Step {
        case: "all, the first time",
        program: "ynl_gen_c",
        ns: rival,
        ratio: Some(1.0),
    });
    Ok(steps)
}

/// The median of a step, in nanoseconds.
fn time_of(step: &str, output: &str) -> Result<f64> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix(step)?.strip_prefix(' '));
    let median = line.and_then(|line| line.split_once(' '));
    let (_, median) = median.with_context(|| format!("the benchmark printed no `{step}`"))?;
    median
        .parse()
        .with_context(|| format!("the benchmark printed no number: {median}"))
}

/// The specs that were measured.
fn specs(output: &str) -> Vec<&str> {
    let lines = output.lines();
    lines
        .filter_map(|line| line.strip_prefix("spec "))
        .collect()
}

/// What the kernel tree's generator takes for the same, in nanoseconds.
fn rival(environment: &upstream::Environment, specs: &[&str]) -> Result<f64> {
    let value = |name: &str| {
        let mut pairs = environment.iter();
        let (_, value) = pairs.find(|(known, _)| *known == name).expect("it is set");
        value
    };
    let output = Command::new(value(upstream::PYTHON))
        .args(["-c", include_str!("ynl.py")])
        .arg(value(upstream::KERNEL_SOURCE))
        .args(specs)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the build root's Python")?;
    ensure!(
        output.status.success(),
        "the kernel tree's generator failed ({}); what it said is above",
        output.status
    );
    let output = String::from_utf8_lossy(&output.stdout);
    output
        .trim()
        .parse()
        .with_context(|| format!("the kernel tree's generator was timed as `{output}`"))
}

pub(super) fn table(steps: &[Step]) -> String {
    let mut text = format!(
        "{:<20} {:<12} {:>9} {:>8}\n",
        "specs", "program", "ms", "x YNL"
    );
    for step in steps {
        let ms = step.ns / 1e6;
        let ratio = step
            .ratio
            .map(|ratio| format!("{ratio:.4}"))
            .unwrap_or_default();
        let line = format!(
            "{:<20} {:<12} {ms:>9.1} {ratio:>8}",
            step.case, step.program
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("all the kernel's generic netlink specs together, to clients and uAPI headers\n");
    text
}

/// A JSON object each. The names need no escaping: they are our own.
pub(super) fn objects(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| {
            let ratio = step
                .ratio
                .map(|ratio| format!(", \"ratio_to_ynl\": {ratio}"));
            format!(
                r#"  {{"case": "specs: {}", "client": "{}", "ns": {}{}}}"#,
                step.case,
                step.program,
                step.ns,
                ratio.unwrap_or_default()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "spec a.yaml\nspec b.yaml\nonce 9 9\nall 2000000 3000000\n";

    #[test]
    fn a_line_becomes_a_step() {
        assert_eq!(time_of("all", OUTPUT).unwrap(), 3e6);
        assert_eq!(specs(OUTPUT), ["a.yaml", "b.yaml"]);
        let step = Step {
            case: "all",
            program: "genl-schema",
            ns: 3e6,
            ratio: Some(0.5),
        };
        assert!(
            table(&[step]).contains("\nall                  genl-schema        3.0   0.5000\n")
        );
    }

    #[test]
    fn what_is_not_there_is_missed() {
        assert!(time_of("header", OUTPUT).is_err());
        assert!(time_of("spec", OUTPUT).is_err());
    }
}
