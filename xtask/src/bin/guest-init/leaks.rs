//! Memory that nothing points at any more: Documentation/dev-tools/kmemleak.rst.

use std::collections::BTreeMap;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";

/// Younger objects are not reported (MSECS_MIN_AGE in mm/kmemleak.c), for what points at them may be in a register.
const LEAST_AGE: Duration = Duration::from_millis(5500);

/// Looks for leaks, and returns kmemleak's report if there are any, with the names of `symbols`.
pub(crate) fn find(symbols: &Symbols) -> Result<Option<String>, String> {
    sleep(LEAST_AGE);
    // An object that has changed since the last scan is taken to be in use, and all have at the first.
    scan()?;
    scan()?;
    if report()?.is_empty() {
        return Ok(None);
    }
    // What was being moved about during that scan is found again now.
    sleep(Duration::from_millis(500));
    scan()?;
    let report = report()?;
    if report.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "memory has leaked:\n{}",
        symbols.name_addresses(&report)
    )))
}

/// Scans all memory; returns when it is done.
fn scan() -> Result<(), String> {
    fs::write(KMEMLEAK, "scan").map_err(|error| format!("cannot scan for leaks: {error}"))
}

fn report() -> Result<String, String> {
    let report = fs::read(KMEMLEAK).map_err(|error| format!("cannot read {KMEMLEAK}: {error}"))?;
    Ok(String::from_utf8_lossy(&report).trim_end().to_owned())
}

/// The functions of modules, noted while those are loaded: the report on what they leaked comes when they are gone.
pub(crate) struct Symbols(BTreeMap<u64, Symbol>);

/// A function of a module.
struct Symbol {
    name: String,
    /// In brackets.
    module: String,
}

impl Symbols {
    /// The functions of all modules that are loaded now.
    pub(crate) fn of_modules() -> Self {
        // Without a list the addresses stay as they are.
        let symbols = fs::read_to_string("/proc/kallsyms").unwrap_or_default();
        Self(symbols.lines().filter_map(Symbol::parse).collect())
    }

    /// Puts a name beside each address that stands alone in a line.
    fn name_addresses(&self, report: &str) -> String {
        let name = |line: &str| {
            let address = u64::from_str_radix(line.trim_start().strip_prefix("0x")?, 16).ok()?;
            Some(format!("{line} {}\n", self.name(address)?))
        };
        let named = report
            .lines()
            .map(|line| name(line).unwrap_or_else(|| format!("{line}\n")));
        named.collect()
    }

    fn name(&self, address: u64) -> Option<String> {
        const PAGE: u64 = 4096;
        let (start, symbol) = self.0.range(..=address).next_back()?;
        let next = self.0.range(address + 1..).next();
        // A module's last function has no successor to tell its end; what lies beyond its page is something else.
        let inside = next.is_some_and(|(_, next)| next.module == symbol.module)
            || address / PAGE == start / PAGE;
        inside.then(|| format!("{}+{:#x} {}", symbol.name, address - start, symbol.module))
    }
}

impl Symbol {
    /// Takes a line of the form `ffffffffa0000000 t name\t[module]`, where t or T stands for text.
    fn parse(line: &str) -> Option<(u64, Self)> {
        let (symbol, module) = line.split_once('\t')?;
        let mut words = symbol.split(' ');
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        let kind = words.next()?;
        let name = words.next()?.to_owned();
        kind.eq_ignore_ascii_case("t").then(|| {
            (
                address,
                Self {
                    name,
                    module: module.to_owned(),
                },
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_modules_get_names() {
        let symbols = "\
ffffffff81000000 T _stext
ffffffffa0000000 t kv_get\t[kvstore]
ffffffffa0000800 T kv_set\t[kvstore]
ffffffffa0000900 d kv_ops\t[kvstore]
ffffffffa0008000 t exit\t[nltest]
";
        let symbols = Symbols(symbols.lines().filter_map(Symbol::parse).collect());
        let named = |address: &str| symbols.name_addresses(&format!("    {address}"));
        assert_eq!(
            named("0xffffffffa0000010"),
            "    0xffffffffa0000010 kv_get+0x10 [kvstore]\n"
        );
        assert_eq!(
            named("0xffffffffa0000ffe"),
            "    0xffffffffa0000ffe kv_set+0x7fe [kvstore]\n"
        );
        // Beyond the last function of its module, before the first of all, and not an address alone.
        for other in [
            "0xffffffffa0001017",
            "0xffffffff81000010",
            "0xffffffffa0000010 kmalloc",
        ] {
            assert_eq!(named(other), format!("    {other}\n"));
        }
    }
}
