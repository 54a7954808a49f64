//! Finds the reports in a kernel's log that mean that something is broken.

/// How much of the log is shown from a report's first line on, in lines.
const SHOWN: usize = 60;

/// How a message of the kernel begins, when it reports a fault of the kernel.
const BEGINNINGS: &[&str] = &[
    "BUG ",
    "BUG: ",
    "DEBUG_LOCKS_WARN_ON",
    "INFO: lockdep is turned off",
    "INFO: possible ",
    "INFO: trying to register non-static key",
    "Internal error",
    "Kernel panic - not syncing",
    "KASAN: ",
    "ODEBUG: ",
    "Oops",
    "UBSAN: ",
    "WARNING: ",
    "double fault",
    "general protection fault",
    "kernel BUG at ",
    "kernel tried to execute",
    "list_add corruption",
    "list_del corruption",
    "refcount_t: ",
    "rust_kernel: panicked at",
    "stack segment",
    "watchdog: BUG: ",
];

/// What a message contains anywhere, when it reports a fault of the kernel.
const CONTENTS: &[&str] = &[
    " blocked for more than ",
    "detected stalls on CPUs",
    "self-detected stall on CPU",
    "unregister_netdevice: waiting for",
    "ref_tracker: leaked reference",
    "ref_tracker: netns@",
    "rcu_preempt kthread starved",
    "scheduling while atomic",
];

/// The reports in `log`, each with what follows it. A fault that is reported within another's lines is part of it.
pub(super) fn reports(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let mut reports = Vec::new();
    let mut next = 0;
    while let Some(found) = lines[next..].iter().position(|line| is_report(line)) {
        let start = next + found;
        let end = lines.len().min(start + SHOWN);
        let end = lines[start..end]
            .iter()
            .position(|line| is_end(line))
            .map_or(end, |last| start + last + 1);
        reports.push(lines[start..end].join("\n"));
        next = end;
    }
    reports
}

fn is_report(line: &str) -> bool {
    let message = message(line);
    BEGINNINGS.iter().any(|start| message.starts_with(start))
        || CONTENTS.iter().any(|part| message.contains(part))
}

fn is_end(line: &str) -> bool {
    message(line).starts_with("---[ end ")
}

/// A line without its time and its caller: `[   12.345678][  T123] message`.
fn message(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let inside = inside.trim();
        let is_stamp =
            inside.starts_with(['T', 'C']) || inside.starts_with(|c: char| c.is_ascii_digit());
        if !is_stamp
            || !inside[1..]
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_not_part_of_the_message() {
        assert_eq!(message("[    3.141592] BUG: x"), "BUG: x");
        assert_eq!(message("[    3.141592][  T123] BUG: x"), "BUG: x");
        assert_eq!(message("[drm] BUG: x"), "[drm] BUG: x");
        assert_eq!(message(""), "");
    }

    #[test]
    fn faults_are_recognised() {
        for message in [
            "BUG: KASAN: slab-use-after-free in genl_rcv+0x1/0x2",
            "BUG kmalloc-64 (Tainted: G): Poison overwritten",
            "BUG: sleeping function called from invalid context at mm/slab.h:1",
            "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [kv:77]",
            "WARNING: CPU: 0 PID: 77 at net/netlink/genetlink.c:1 f+0x1/0x2",
            "WARNING: possible circular locking dependency detected",
            "UBSAN: array-index-out-of-bounds in net/x.c:1:2",
            "Oops: general protection fault, probably for non-canonical address: 0000 [#1] SMP",
            "Kernel panic - not syncing: sysrq triggered crash",
            "INFO: task kv:77 blocked for more than 120 seconds.",
            "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
            "rust_kernel: panicked at samples/x.rs:1:2:",
            "kernel BUG at rust/helpers/bug.c:7!",
            "unregister_netdevice: waiting for lo to become free. Usage count = 2",
        ] {
            assert_eq!(
                reports(&format!("[    1.000000] {message}")).len(),
                1,
                "{message}"
            );
        }
    }

    #[test]
    fn what_a_healthy_kernel_says_is_no_fault() {
        for message in [
            "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
            "nltest: hello: BUG: says the user",
            "x86/bugs: return thunk changed",
            "kvstore: loading out-of-tree module taints kernel.",
            "netlink: 4 bytes leftover after parsing attributes in process `kv'.",
            "INFO: lkdtm loaded",
            // The guest's init looks again, and has the last word.
            "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
            "kmemleak: Kernel memory leak detector initialized (mem pool available: 15000)",
            "Lockdep: WARNINGs are on",
        ] {
            assert_eq!(
                reports(&format!("[    1.000000] {message}")),
                [""; 0],
                "{message}"
            );
        }
    }

    #[test]
    fn a_report_goes_to_its_end() {
        let log = "\
[    1.0] ------------[ cut here ]------------
[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1
[    1.0] Call Trace:
[    1.0] ---[ end trace 0000000000000000 ]---
[    2.0] fine
[    3.0] BUG: KASAN: b
[    3.0] WARNING: part of it
";
        let reports = reports(log);
        assert_eq!(reports.len(), 2);
        assert!(reports[0].starts_with("[    1.0] WARNING") && reports[0].ends_with("]---"));
        assert!(reports[1].ends_with("part of it"));
    }
}
