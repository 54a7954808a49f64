//! What the kernel half costs: kvstore beside the same family written in C.
//!
//! Both modules are in one VM and the same program asks both. It is run twice: where the clock counts
//! instructions, which is exact and the same every time, and where it tells the time.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::footprint::{self, Frame, Size};
use crate::build_kmod::{self, Tree};
use crate::build_root::BuildRoot;
use crate::kernel::Kind;
use crate::{cargo, setup, vm, workspace};

/// The most instructions that an operation may take, beside those of the C module.
const INSTRUCTIONS: f64 = 1.05;
/// The most code and constants that the module may have, beside the C module.
const SIZE: f64 = 1.5;

/// What the core does for any request; the others have it in them.
const BASE: &str = "unknown-command";

/// An operation, measured in both modules.
#[derive(Debug, PartialEq)]
struct Case<'a> {
    name: &'a str,
    rust: Cost,
    c: Cost,
    /// Median of the rounds' ratios.
    ratio: f64,
}

#[derive(Debug, PartialEq)]
struct Cost {
    best: f64,
    median: f64,
}

/// The modules as files.
struct Footprint {
    rust: Size,
    c: Size,
    /// The largest first.
    frames: Vec<Frame>,
}

pub(super) fn run(json: bool) -> Result<()> {
    let kernel = setup::ensure(Kind::Normal)?;
    let tree = Tree::Ready(kernel.clone());
    let rust = build_kmod::build(&tree, &["kvstore".to_owned()])?.remove(0);
    let twin = twin(&tree)?;
    let footprint = Footprint::of(kernel.root(), &rust, &twin)?;
    let program = cargo::vm_bench("kernel")?;
    let counted = measure(&program, &twin, true)?;
    let timed = measure(&program, &twin, false)?;
    let (counted, timed) = (cases(&counted)?, cases(&timed)?);
    match json {
        true => println!("{}", objects(&counted, &timed, &footprint)),
        false => print!("{}", table(&counted, &timed, &footprint)),
    }
    let faults = faults(&counted, &footprint);
    ensure!(
        faults.is_empty(),
        "kvstore costs too much:\n{}",
        faults.join("\n")
    );
    Ok(())
}

/// For the tests: kvstore is not too large, and no function of any of our modules takes too much stack.
pub(crate) fn check_footprints() -> Result<()> {
    let kernel = setup::ensure(Kind::Normal)?;
    let tree = Tree::Ready(kernel.clone());
    let twin = twin(&tree)?;
    let mut faults = Vec::new();
    for module in build_kmod::build(&tree, &[])? {
        faults.extend(match module.ends_with("kvstore.ko") {
            true => Footprint::of(kernel.root(), &module, &twin)?.faults(),
            false => deep(&footprint::frames(kernel.root(), &module)?),
        });
    }
    ensure!(
        faults.is_empty(),
        "the modules take too much:\n{}",
        faults.join("\n")
    );
    Ok(())
}

/// Builds the C module.
fn twin(tree: &Tree) -> Result<PathBuf> {
    let source = workspace::root().join("genl-kmod/kvstore/twin");
    let (built, _) = build_kmod::build_tree(tree, &source, "kvstore-twin")?;
    Ok(built.join("kvstore_c.ko"))
}

/// What the program says in a VM with both modules.
fn measure(program: &Path, twin: &Path, counting: bool) -> Result<String> {
    let mut request = vm::Request::new(Kind::Normal, [program])?;
    request.modules = vec!["kvstore".to_owned()];
    request.files = vec![twin.to_owned()];
    request.counting = counting;
    request.cpus = 1;
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

fn cases(output: &str) -> Result<Vec<Case<'_>>> {
    let cases = output.lines().map(case).collect::<Result<Vec<_>>>()?;
    let first = cases.first().map(|case| case.name);
    ensure!(
        first == Some(BASE),
        "the benchmark did not measure {BASE} first"
    );
    Ok(cases)
}

fn case(line: &str) -> Result<Case<'_>> {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let numbers = words.map(str::parse).collect::<Result<Vec<f64>, _>>();
    let Ok(&[best, median, c_best, c_median, ratio]) = numbers.as_deref() else {
        anyhow::bail!("the benchmark printed a line that is no result: {line}");
    };
    Ok(Case {
        name,
        rust: Cost { best, median },
        c: Cost {
            best: c_best,
            median: c_median,
        },
        ratio,
    })
}

impl Case<'_> {
    /// Of the best rounds: nothing but the operation itself.
    fn best_ratio(&self) -> f64 {
        self.rust.best / self.c.best
    }

    /// The same without what the core does for any request; none for that itself.
    fn own_ratio(&self, base: &Case<'_>) -> Option<f64> {
        (self.name != BASE).then(|| (self.rust.best - base.rust.best) / (self.c.best - base.c.best))
    }
}

/// What is over a limit.
fn faults(counted: &[Case<'_>], footprint: &Footprint) -> Vec<String> {
    let ratios = counted.iter().map(|case| (case.name, case.best_ratio()));
    let slow = ratios.filter(|(_, ratio)| *ratio > INSTRUCTIONS);
    let slow = slow.map(|(name, ratio)| {
        format!("{name}: {ratio:.3} x the C module's instructions, at most {INSTRUCTIONS}")
    });
    slow.chain(footprint.faults()).collect()
}

/// The functions that take too much stack.
fn deep(frames: &[Frame]) -> Vec<String> {
    const LIMIT: u64 = footprint::STACK_LIMIT;
    let deep = frames.iter().filter(|frame| frame.bytes >= LIMIT);
    deep.map(|frame| {
        let Frame { function, bytes } = frame;
        format!("{function} takes {bytes} bytes of stack, and {LIMIT} are too many")
    })
    .collect()
}

impl Footprint {
    fn of(root: &BuildRoot, rust: &Path, twin: &Path) -> Result<Self> {
        Ok(Self {
            rust: footprint::size(root, rust)?,
            c: footprint::size(root, twin)?,
            frames: footprint::frames(root, rust)?,
        })
    }

    fn ratio(&self) -> f64 {
        self.rust.total() as f64 / self.c.total() as f64
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = deep(&self.frames);
        let ratio = self.ratio();
        if ratio > SIZE {
            faults.insert(
                0,
                format!("code and constants: {ratio:.2} x the C module's, at most {SIZE}"),
            );
        }
        faults
    }
}

fn table(counted: &[Case<'_>], timed: &[Case<'_>], footprint: &Footprint) -> String {
    let mut text = format!(
        "{:<18} {:>12} {:>12} {:>8} {:>8}\n",
        "instructions", "kvstore", "in C", "x C", "own x C"
    );
    for case in counted {
        let own = case.own_ratio(&counted[0]);
        text.push_str(&format!(
            "{:<18} {:>12.0} {:>12.0} {:>8.3} {:>8}\n",
            case.name,
            case.rust.best,
            case.c.best,
            case.best_ratio(),
            own.map(|ratio| format!("{ratio:.3}")).unwrap_or_default()
        ));
    }
    text.push_str(
        "an operation each, best round, with the client's system calls and its own few instructions;\n\
         own: without what unknown-command takes, which is what the core does for any request and answer\n\n",
    );
    text.push_str(&format!(
        "{:<18} {:>12} {:>12} {:>8}\n",
        "ns", "kvstore", "in C", "x C"
    ));
    for case in timed {
        text.push_str(&format!(
            "{:<18} {:>12.0} {:>12.0} {:>8.3}\n",
            case.name, case.rust.median, case.c.median, case.ratio
        ));
    }
    text.push_str("an operation each, median; x C is the median of the rounds' ratios\n\n");
    let Footprint { rust, c, frames } = footprint;
    text.push_str(&format!(
        "{:<18} {:>12} {:>12} {:>8}\n",
        "bytes", "kvstore", "in C", "x C"
    ));
    for (name, rust, c) in [
        ("text", rust.text, c.text),
        ("rodata", rust.rodata, c.rodata),
        ("both", rust.total(), c.total()),
    ] {
        let ratio = rust as f64 / c as f64;
        text.push_str(&format!("{name:<18} {rust:>12} {c:>12} {ratio:>8.3}\n"));
    }
    text.push_str("\nstack, in bytes, of the functions that take most\n");
    for frame in frames.iter().take(5) {
        text.push_str(&format!("{:>6}  {}\n", frame.bytes, frame.function));
    }
    text
}

/// An array of JSON objects. The names of cases need no escaping, those of functions get it.
fn objects(counted: &[Case<'_>], timed: &[Case<'_>], footprint: &Footprint) -> String {
    let mut objects = Vec::new();
    for case in counted {
        let mut object = serde_json::json!({
            "case": case.name,
            "instructions": case.rust.best,
            "instructions_of_c": case.c.best,
            "ratio_to_c": case.best_ratio(),
        });
        if let Some(ratio) = case.own_ratio(&counted[0]) {
            object["ratio_to_c_without_base"] = ratio.into();
        }
        objects.push(object);
    }
    objects.extend(timed.iter().map(|case| {
        serde_json::json!({
            "case": case.name,
            "ns": case.rust.median,
            "ns_of_c": case.c.median,
            "ratio_to_c": case.ratio,
        })
    }));
    let Footprint { rust, c, frames } = footprint;
    objects.push(serde_json::json!({
        "case": "size",
        "text": rust.text,
        "rodata": rust.rodata,
        "text_of_c": c.text,
        "rodata_of_c": c.rodata,
        "ratio_to_c": footprint.ratio(),
    }));
    objects.extend(frames.iter().take(5).map(|frame| {
        serde_json::json!({
            "case": "stack",
            "function": frame.function,
            "bytes": frame.bytes,
        })
    }));
    let lines: Vec<_> = objects.iter().map(|object| format!("  {object}")).collect();
    format!("[\n{}\n]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "unknown-command 100 110 100 110 1\nget 200 210 180 190 1.1053\n";

    fn footprint(bytes: u64) -> Footprint {
        Footprint {
            rust: Size {
                text: 170,
                rodata: 0,
            },
            c: Size {
                text: 100,
                rodata: 0,
            },
            frames: vec![Frame {
                function: "f".to_owned(),
                bytes,
            }],
        }
    }

    #[test]
    fn what_every_request_takes_can_be_left_out() {
        let cases = cases(OUTPUT).unwrap();
        assert_eq!(cases[0].own_ratio(&cases[0]), None);
        assert_eq!(cases[1].own_ratio(&cases[0]), Some(1.25));
        assert!(table(&cases, &cases, &footprint(8)).contains("   1.111    1.250\n"));
        let objects = objects(&cases, &cases, &footprint(8));
        let objects: serde_json::Value = serde_json::from_str(&objects).unwrap();
        assert_eq!(objects[1]["ratio_to_c_without_base"], 1.25);
        assert_eq!(objects[3]["ratio_to_c"], 1.1053);
    }

    #[test]
    fn what_is_over_a_limit_is_named() {
        let cases = cases(OUTPUT).unwrap();
        assert_eq!(
            faults(&cases, &footprint(512)),
            [
                "get: 1.111 x the C module's instructions, at most 1.05",
                "code and constants: 1.70 x the C module's, at most 1.5",
                "f takes 512 bytes of stack, and 512 are too many",
            ]
        );
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(cases("get 1 1 1 1 1\n").is_err());
        assert!(cases("unknown-command 1 1\n").is_err());
    }
}
