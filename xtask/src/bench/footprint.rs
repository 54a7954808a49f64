//! How much code, constant data and stack a module takes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build_root::{BuildRoot, Shared};

/// A function may take less than so many bytes of stack; a kernel stack has 16 KiB for all that is on it.
pub(crate) const STACK_LIMIT: u64 = 512;

/// What a module takes, in bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Instructions, those for loading and unloading included.
    pub(crate) text: u64,
    /// Data that nobody writes to.
    pub(crate) rodata: u64,
}

impl Size {
    /// Both.
    pub(crate) fn total(&self) -> u64 {
        self.text + self.rodata
    }
}

/// A function and the bytes of stack that a call of it takes, at most, without what it calls.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) bytes: u64,
}

/// The size of a module.
pub(crate) fn size(root: &BuildRoot, module: &Path) -> Result<Size> {
    let sections = binutil(root, "size", &["-A", "-d"], module)?;
    let size = sizes(&sections);
    if size.text == 0 {
        bail!("{} has no code", module.display());
    }
    Ok(size)
}

/// The functions of a module, those with the largest frames first.
pub(crate) fn frames(root: &BuildRoot, module: &Path) -> Result<Vec<Frame>> {
    let arguments = ["--disassemble", "--demangle", "--no-show-raw-insn"];
    let listing = binutil(root, "objdump", &arguments, module)?;
    let mut frames = frames_of(&listing);
    if frames.is_empty() {
        bail!("{} has no functions", module.display());
    }
    frames.sort_by_key(|frame| std::cmp::Reverse(frame.bytes));
    Ok(frames)
}

fn binutil(root: &BuildRoot, program: &str, arguments: &[&str], module: &Path) -> Result<String> {
    let dir = module.parent().unwrap_or(Path::new("/"));
    let mut command: Command = root.command(program, &[Shared::read(dir)]);
    let output = command
        .args(arguments)
        .arg(module)
        .output()
        .context("cannot start bwrap")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{program} cannot read {}: {said}", module.display());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Sums up a list of sections, as `size -A` prints it.
fn sizes(sections: &str) -> Size {
    let mut total = Size::default();
    for line in sections.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(Ok(bytes))) = (words.next(), words.next().map(str::parse::<u64>))
        else {
            continue;
        };
        let is = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
        if is(&[".text", ".init.text", ".exit.text", ".noinstr.text"]) {
            total.text += bytes;
        } else if is(&[".rodata", ".init.rodata", ".data.rel.ro"]) {
            total.rodata += bytes;
        }
    }
    total
}

/// Frames as the instructions tell them: return address, registers pushed, and what is subtracted from the stack
/// pointer. A function that does so on several ways gets the sum of the pushes and the largest difference.
fn frames_of(listing: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut pushed: Vec<&str> = Vec::new();
    let mut largest = 0;
    for line in listing.lines() {
        if let Some(name) = name_of(line) {
            frames.push(Frame {
                function: name.to_owned(),
                bytes: 8,
            });
            pushed.clear();
            largest = 0;
            continue;
        }
        let Some(frame) = frames.last_mut() else {
            continue;
        };
        let mut words = line
            .split('\t')
            .nth(1)
            .unwrap_or_default()
            .split_whitespace();
        let (instruction, operands) = (words.next(), words.next().unwrap_or_default());
        match instruction {
            Some("push") if !pushed.contains(&operands) => pushed.push(operands),
            // -128 fits one byte where 128 does not.
            Some("sub") => largest = largest.max(subtracted(operands).unwrap_or(0)),
            Some("add") => largest = largest.max(-subtracted(operands).unwrap_or(0)),
            _ => continue,
        }
        frame.bytes = 8 + 8 * pushed.len() as u64 + largest.unsigned_abs();
    }
    frames
}

/// The name in a line that begins a function: `0000000000000010 <name>:`.
fn name_of(line: &str) -> Option<&str> {
    let (address, name) = line.split_once(" <")?;
    u64::from_str_radix(address, 16).ok()?;
    name.strip_suffix(">:")
}

/// The number in `$0x40,%rsp`.
fn subtracted(operands: &str) -> Option<i64> {
    let number = operands.strip_prefix("$0x")?.strip_suffix(",%rsp")?;
    // Negative ones have all their 64 bits.
    u64::from_str_radix(number, 16).ok().map(u64::cast_signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_summed_up_by_what_they_hold() {
        let sections = "x.ko  :\nsection  size  addr\n.text  100  0\n.init.text  20  0\n\
            .rodata  7  0\n.rodata.str1.1  3  0\n.data  50  0\n.orc_unwind  90  0\nTotal  270\n";
        let expected = Size {
            text: 120,
            rodata: 10,
        };
        assert_eq!(sizes(sections), expected);
        assert_eq!(expected.total(), 130);
    }

    #[test]
    fn frames_are_read_from_instructions() {
        let listing = "\
0000000000000010 <first>:
  10:\tf3 endbr64
  14:\tpush   %rbp
  15:\tpush   %rbx
  16:\tsub    $0x40,%rsp
  1a:\tsub    $0x40,%rax
  20:\tadd    $0x40,%rsp
  24:\tret

0000000000000030 <<a::B as c::D>::second>:
  30:\tpush   %rbx
  31:\tadd    $0xffffffffffffff80,%rsp
  35:\tpush   %rbx
";
        let frame = |function: &str, bytes| Frame {
            function: function.to_owned(),
            bytes,
        };
        assert_eq!(
            frames_of(listing),
            [
                frame("first", 8 + 16 + 64),
                frame("<a::B as c::D>::second", 8 + 8 + 128)
            ]
        );
    }
}
