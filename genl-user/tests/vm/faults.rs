//! Memory that runs out: each allocation that a request or a module makes fails once.
//!
//! Only the checking kernel can make allocations fail (Documentation/fault-injection in its tree);
//! it also tells of what such a failure leaves behind, or uses too long.
//!
//! failslab, which does that, reaches what comes from slabs: `kmalloc()` up to two pages, and caches. Longer buffers, such as
//! those of dumps and of long messages, are whole pages, which never fail here: FAIL_PAGE_ALLOC is not configured.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::Duration;

use genl_user::Error;
use genl_user::families::kvstore::{Clear, Del, Event, Events, Get, GetDump, Group, Stats};
use genl_user::families::nltest::{self, Echo, Hello};

use crate::guest::{Reload, image, in_new_netns, load, load_image, unload};
use crate::{open, put, put_labels};

/// More allocations than anything makes that is tried here.
const ENOUGH: usize = 5_000;

/// Makes allocations of the calling thread fail.
pub(crate) struct Faults(File);

impl Faults {
    /// `None` on a kernel that cannot do it.
    pub(crate) fn new() -> Option<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .open("/proc/thread-self/fail-nth");
        let this = Self(match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            file => file.expect("fail-nth opens"),
        });
        let settings = "/sys/kernel/debug/failslab";
        if !fs::exists(settings).expect("settings can be looked for") {
            let mounted = Command::new("mount")
                .args(["-t", "debugfs", "none", "/sys/kernel/debug"])
                .status()
                .expect("mount runs");
            assert!(mounted.success());
        }
        // Allocations that may wait fail too, and the kernel need not log where each of them is.
        fs::write(format!("{settings}/ignore-gfp-wait"), "N").expect("setting");
        fs::write(format!("{settings}/verbose"), "0").expect("setting");
        Some(this)
    }

    /// Calls `operation` again and again, with its first allocation failing, then with its second
    /// one, until there are no more; `check` sees each outcome, with nothing failing any more, and
    /// whether anything has. Gives the number of allocations.
    pub(crate) fn each<T>(
        &self,
        operation: impl FnMut() -> T,
        check: impl FnMut(T, bool),
    ) -> usize {
        let count = self.first(ENOUGH, operation, check);
        assert!((1..ENOUGH).contains(&count), "{count} allocations?");
        count
    }

    /// As [`Self::each`], of the first `most` allocations.
    pub(crate) fn first<T>(
        &self,
        most: usize,
        mut operation: impl FnMut() -> T,
        mut check: impl FnMut(T, bool),
    ) -> usize {
        for nth in 1..=most {
            self.arm(nth);
            let outcome = operation();
            let struck = self.left() == 0;
            self.arm(0);
            check(outcome, struck);
            if !struck {
                return nth - 1;
            }
        }
        most
    }

    /// As [`Self::each`], of an operation that fails only for want of memory.
    fn strike<T>(
        &self,
        operation: impl FnMut() -> Result<T, Error>,
        mut check: impl FnMut(Result<T, Error>),
    ) {
        self.each(operation, |outcome, struck| {
            if let Err(error) = &outcome {
                assert!(struck && is_shortage(error), "{error}");
            }
            check(outcome);
        });
    }

    fn arm(&self, nth: usize) {
        self.0
            .write_all_at(nth.to_string().as_bytes(), 0)
            .expect("arms");
    }

    /// How many allocations are left until one fails; 0 if it has.
    fn left(&self) -> usize {
        let mut text = [0; 16];
        let len = self.0.read_at(&mut text, 0).expect("tells");
        let text = String::from_utf8_lossy(&text[..len]);
        text.trim_matches(['\0', '\n']).parse().expect("a number")
    }
}

/// The kernel said that memory is short: as the family's answer, or before it came that far.
fn is_shortage(error: &Error) -> bool {
    matches!(error.errno(), Some(libc::ENOMEM | libc::ENOBUFS))
}

#[test]
fn a_set_that_fails_changes_nothing_and_one_that_does_not_is_told() {
    in_new_netns(|| {
        let Some(faults) = Faults::new() else { return };
        let (mut kv, mut reader) = (open(), open());
        let mut changes = Events::open(&[Group::Changes]).expect("events");
        let label = "x".repeat(64);
        let mut revision = 0;
        faults.strike(
            || put_labels(&mut kv, "a", &[&*label; 16]),
            |outcome| {
                let now = reader.stats(&Stats {}).expect("stats").revision();
                let told = changes.next_timeout(Duration::from_millis(50));
                match (outcome, told.expect("events")) {
                    (Ok(()), Some(Event::SetNtf(_) | Event::Overrun)) => revision += 1,
                    (Err(_), None) => {}
                    (outcome, told) => panic!("{outcome:?}, told {told:?}"),
                }
                assert_eq!(now, Some(revision));
            },
        );
        let entry = reader.get(&Get { key: "a" }).expect("get");
        assert_eq!(entry.meta().expect("meta").label().count(), 16);
    });
}

#[test]
fn a_dump_that_fails_can_be_had_again() {
    in_new_netns(|| {
        let Some(faults) = Faults::new() else { return };
        let mut kv = open();
        for number in 0..40 {
            put(&mut kv, &number.to_string(), &[7; 4096]);
        }
        faults.strike(
            || kv.get_dump(&GetDump::default())?.owned().collect(),
            |outcome: Result<Vec<_>, _>| {
                if let Ok(entries) = outcome {
                    assert_eq!(entries.len(), 40);
                }
            },
        );
    });
}

#[test]
fn every_other_request_is_answered() {
    in_new_netns(|| {
        let Some(faults) = Faults::new() else { return };
        let (mut kv, mut test) = (open(), nltest::Client::open().expect("nltest is loaded"));
        put(&mut kv, "a", &[7; 4096]);
        let key = "a";
        faults.strike(|| kv.get(&Get { key }).map(drop), |_| {});
        faults.strike(|| kv.stats(&Stats {}).map(drop), |_| {});
        faults.strike(
            || match kv.del(&Del { key }) {
                Err(error) if error.errno() == Some(libc::ENOENT) => Ok(()),
                done => done.map(drop),
            },
            |_| {},
        );
        faults.strike(|| kv.clear(&Clear {}).map(drop), |_| {});
        faults.strike(|| test.hello(&Hello { text: "hi" }).map(drop), |_| {});
        let multi: Vec<u32> = (0..1000).collect();
        let everything = Echo {
            binary: Some(&[7; 8192]),
            multi: &multi,
            ..Echo::default()
        };
        faults.strike(|| test.echo(&everything).map(drop), |_| {});
    });
}

#[test]
fn kvstore_comes_whole_or_not_at_all() {
    come_whole_or_not_at_all("kvstore");
}

#[test]
fn nltest_comes_whole_or_not_at_all() {
    come_whole_or_not_at_all("nltest");
}

#[test]
fn everything_comes_whole_or_not_at_all() {
    come_whole_or_not_at_all("everything");
}

/// Loads and unloads a module with each allocation failing once, those of the module loader too.
fn come_whole_or_not_at_all(module: &'static str) {
    let Some(faults) = Faults::new() else { return };
    let _reload = Reload(module);
    let image = image(module);
    unload(module).expect("nobody uses it");
    let loads = faults.each(
        || load_image(&image),
        |loaded, struck| match loaded {
            Ok(()) => unload(module).expect("nobody uses it"),
            Err(error) => assert!(
                struck && error.raw_os_error() == Some(libc::ENOMEM),
                "{error}"
            ),
        },
    );
    load(module, "").expect("it loads");
    let unloads = faults.each(
        || unload(module).expect("memory is not what it takes"),
        |(), _| load(module, "").expect("it loads"),
    );
    println!("{module}: {loads} allocations to load it, {unloads} to unload it");
}
