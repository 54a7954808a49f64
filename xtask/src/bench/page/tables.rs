//! A table of each case, in the unit that it was measured in.

use crate::bench::figures::Figure;
use crate::bench::goals::said;
use crate::bench::table::headed;

use super::{EVENTS, Heard, Measured, RAW, titled};

/// Those that are measured in a VM, with the events.
const IN_VM: [&str; 4] = ["get", "set", "list", HEARD];

/// What the driver calls the case of the events.
pub(super) const HEARD: &str = "events";

const EVENT_NOTES: &str = "100,000 events are sent while a reader pauses for 50 ms after every 1,000: most are lost, and \
    whoever keeps a copy of something has to be told. cpu is what the reader itself took of the processor, an event that it \
    got. It is done once. The last event is sent up to 100 times, every 100 ms, as it may be lost as well: who has not heard \
    it by then never came to the end.";

/// Of its synchronous router, version 0.7.
const ROUTER: &str = "neli-router";
const ROUTER_NOTES: &str = "neli-router is told of no overrun because neli's router reads in a thread of its own, into a queue \
    without a bound, so that events wait in memory while the reader pauses; and an overrun of that thread it tells to those \
    who wait for an answer, never to who listens to events.";

/// A table with its heading, and what is to be said of it.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) rows: Vec<Vec<String>>,
    /// Above it.
    pub(super) before: Option<&'static str>,
    /// Beneath it.
    pub(super) after: Vec<&'static str>,
}

impl Measured<'_> {
    /// What the times of a case are.
    pub(super) fn unit(&self, case: &str) -> &'static str {
        match self.counted_in_vm && IN_VM.contains(&case) {
            true => "instructions",
            false => "ns",
        }
    }

    fn vm_notes(&self) -> &'static str {
        match self.counted_in_vm {
            true => {
                "This and all that follows concerns kvstore, and was measured in a VM with the distribution's kernel, whose \
                 clock counts instructions, as there was no hardware virtualisation: times are instructions, the kernel's among them, not nanoseconds, \
                 and each round is as all others."
            }
            false => {
                "This and all that follows concerns kvstore, and was measured in a VM with the distribution's kernel."
            }
        }
    }

    pub(super) fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        let mut vm_notes = Some(self.vm_notes());
        let mut first_in_vm = |case: &str| match IN_VM.contains(&case) {
            true => vm_notes.take(),
            false => None,
        };
        for (case, threads) in self.figures.cases() {
            let unit = self.unit(case);
            let (best, median) = (format!("best {unit}"), format!("median {unit}"));
            let mut head = vec![
                "client",
                &best,
                &median,
                "x raw",
                "quartiles",
                "allocs",
                "syscalls",
                "waits",
            ];
            if case == "decode" {
                head.push("GB/s");
            }
            let raw = self.figures.find(case, threads, RAW);
            let clients = self.figures.of(case, threads);
            let rows = clients.map(|figure| self.row(figure, raw));
            tables.push(Table {
                title: titled(case, threads),
                rows: headed(&head, rows),
                before: first_in_vm(case),
                after: Vec::new(),
            });
        }
        if !self.figures.heard.is_empty() {
            let cpu = format!("cpu {}", self.unit(HEARD));
            let head = [
                "client",
                "received",
                "overruns told",
                &cpu,
                "allocs",
                "waits",
            ];
            tables.push(Table {
                title: EVENTS.to_owned(),
                rows: headed(&head, self.figures.heard.iter().map(heard)),
                before: first_in_vm(HEARD),
                after: self.event_notes(),
            });
        }
        tables
    }

    fn event_notes(&self) -> Vec<&'static str> {
        let untold = |heard: &Heard| {
            let told = heard.told.as_ref();
            heard.client == ROUTER && told.is_some_and(|told| told.overruns == 0)
        };
        let router = self.figures.heard.iter().any(untold);
        let router = router.then_some(ROUTER_NOTES);
        std::iter::once(EVENT_NOTES).chain(router).collect()
    }

    fn row(&self, figure: &Figure, raw: Option<&Figure>) -> Vec<String> {
        let number = |number: Option<f64>| {
            match number {
                Some(number) => (number * 100.0).round() / 100.0,
                None => return "-".to_owned(),
            }
            .to_string()
        };
        let ratio = raw.map(|raw| said(figure.ratio(raw)));
        let ratio = ratio.unwrap_or_default();
        let (median, quartiles) = ratio.split_once(' ').unwrap_or_default();
        let mut row = vec![
            figure.client.clone(),
            format!("{:.0}", figure.best()),
            format!("{:.0}", figure.median()),
            median.to_owned(),
            quartiles.trim_matches(['(', ')']).to_owned(),
            number(figure.allocs),
            number(figure.syscalls),
            number(figure.switches),
        ];
        if figure.case == "decode" {
            row.push(format!("{:.2}", self.figures.decoded(figure)));
        }
        row
    }
}

fn heard(Heard { client, told }: &Heard) -> Vec<String> {
    let told = match told {
        Some(told) => [
            told.received.to_string(),
            told.overruns.to_string(),
            format!("{:.0}", told.ns),
            format!("{:.2}", told.allocs),
            format!("{:.2}", told.switches),
        ],
        None => ["never came to the end", "", "", "", ""].map(str::to_owned),
    };
    std::iter::once(client.clone()).chain(told).collect()
}
