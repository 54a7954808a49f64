//! The figures as tables, as JSON, and as a page with plots.

use super::figures::{Figure, Figures, Heard, OURS, RAW};
use super::goals::{Goal, goals, said};
use super::machine::Machine;
use super::peers::Peers;
use super::plot;

/// All that was measured, and with what.
pub(super) struct Measured<'a> {
    pub(super) machine: &'a Machine,
    pub(super) peers: &'a Peers,
    pub(super) figures: &'a Figures,
    /// What a VM says to be nanoseconds are instructions.
    pub(super) counted_in_vm: bool,
}

/// The cases as people call them, and those of which there is a plot.
const CASES: [(&str, &str, bool); 8] = [
    ("family", "one family asked for by name (getfamily)", true),
    ("families", "dump of all families", true),
    ("policy", "dump of ethtool's policies", false),
    ("pipeline", "64 requests in one send, a request", false),
    (
        "decode",
        "that dump of all families decoded, without a socket",
        true,
    ),
    ("get", "an entry with 1 KiB read from kvstore", true),
    ("set", "the same written", false),
    ("list", "dump of kvstore's 10,000 entries", true),
];

const COLUMNS: [&str; 8] = [
    "client",
    "best ns",
    "median ns",
    "x raw",
    "quartiles",
    "allocs",
    "syscalls",
    "waits",
];

const EVENT_COLUMNS: [&str; 6] = [
    "client",
    "received",
    "overruns told",
    "cpu ns",
    "allocs",
    "waits",
];

const EVENTS: &str = "events, and a reader that is too slow";

const NOTES: &str = "An operation each. x raw is the median of the rounds' ratios to the raw client's time in the same round, and \
    waits are context switches because there was nothing to do. All clients read every attribute of what comes, but of \
    policies and of the reply to what is written. The raw client does that in place, checks nothing but lengths, writes \
    its requests into a buffer, and asks for no ACK, as raw-ack does.";

const GOAL_NOTES: &str = "Ratios are medians of all rounds, with their quartiles. `raw has` is what the raw client has in the \
    place of ours: the rest is the kernel's, so where that misses a goal too, no client meets it on this machine.";

const AHEAD_NOTES: &str = "Ours read all of an item before they hand it out, and whether its texts are UTF-8, so that no getter can fail; who \
    looks at lengths alone has less to do. Of an event they look who sent it too: a process may send to a group as well.";

const EVENT_NOTES: &str = "100,000 events are sent while a reader pauses for 50 ms after every 1,000: most are lost, and \
    whoever keeps a copy of something has to be told. cpu is the reader's own processor time, an event that it got.";

fn title(case: &str) -> &str {
    let known = CASES.iter().find(|(name, _, _)| *name == case);
    known.map_or(case, |(_, title, _)| title)
}

fn titled(case: &str, threads: u32) -> String {
    match threads {
        1 => title(case).to_owned(),
        _ => format!("{}, in {threads} threads", title(case)),
    }
}

impl Measured<'_> {
    /// For a terminal.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, rows) in self.tables() {
            text.push_str(&format!("{name}\n{}\n", aligned(&rows)));
        }
        text.push_str(&format!(
            "{NOTES}\n\n{}\n\n{EVENT_NOTES}\n\n{}",
            self.vm_notes(),
            aligned(&self.goals())
        ));
        for left_out in &self.peers.left_out {
            text.push_str(&format!("left out: {left_out}\n"));
        }
        if let Some(warning) = self.warning() {
            text.push_str(&format!("\n{warning}\n"));
        }
        text
    }

    /// For the repository.
    pub(super) fn page(&self) -> String {
        let Machine {
            processor,
            processors,
            kernel,
            rustc,
            ..
        } = self.machine;
        let mut page = format!(
            "<!-- Written by `cargo xtask bench --write-docs`, do not edit. -->\n\n# What calls cost\n\n\
             Measured on {processors} x {processor}, Linux {kernel}, {rustc}.\n\n"
        );
        if let Some(warning) = self.warning() {
            page.push_str(&format!("**{warning}**\n\n"));
        }
        page.push_str("## What ours are to cost\n\n");
        page.push_str(&markdown(&self.goals()));
        page.push_str(&format!("\n{GOAL_NOTES}\n"));
        let ahead = self.ahead();
        if !ahead.is_empty() {
            page.push_str("\n## Where others are quicker\n\n");
            page.push_str(&format!("{}\n{AHEAD_NOTES}\n", markdown(&ahead)));
        }
        for (case, _) in self.plots() {
            page.push_str(&format!("\n![{}](benches/plots/{case}.svg)\n", title(case)));
        }
        for (name, rows) in self.tables() {
            page.push_str(&format!("\n## {name}\n\n{}", markdown(&rows)));
        }
        page.push_str(&format!(
            "\n{NOTES}\n\n{}\n\n{EVENT_NOTES}\n",
            self.vm_notes()
        ));
        for left_out in &self.peers.left_out {
            page.push_str(&format!("\nLeft out: {left_out}\n"));
        }
        page
    }

    pub(super) fn plots(&self) -> Vec<(&'static str, String)> {
        let plotted = CASES.iter().filter(|(_, _, plotted)| *plotted);
        let drawn = plotted
            .filter_map(|&(case, title, _)| Some((case, plot::bars(self.figures, case, title)?)));
        drawn.collect()
    }

    /// JSON objects: of each client in each case, of each that heard events, and of each goal.
    pub(super) fn objects(&self) -> Vec<String> {
        let mut objects = Vec::new();
        for figure in &self.figures.all {
            let mut object = serde_json::json!({
                "case": figure.case,
                "threads": figure.threads,
                "client": figure.client,
                "best_ns": figure.best(),
                "ns": figure.median(),
                "allocs": figure.allocs,
                "syscalls": figure.syscalls,
                "waits": figure.switches,
            });
            if let Some(raw) = self.figures.find(&figure.case, figure.threads, RAW) {
                let ratio = figure.ratio(raw);
                object["ratio_to_raw"] = ratio.median.into();
                object["ratio_quartiles"] = vec![ratio.low, ratio.high].into();
            }
            if figure.case == "decode" {
                object["gb_per_s"] = self.figures.decoded(figure).into();
            }
            objects.push(object);
        }
        for Heard { client, told } in &self.figures.heard {
            objects.push(serde_json::json!({
                "case": "events",
                "client": client,
                "received": told.as_ref().map(|told| told.received),
                "overruns": told.as_ref().map(|told| told.overruns),
                "cpu_ns": told.as_ref().map(|told| told.ns),
                "allocs": told.as_ref().map(|told| told.allocs),
                "waits": told.as_ref().map(|told| told.switches),
            }));
        }
        for Goal {
            what,
            measured,
            raw,
            met,
        } in goals(self.figures)
        {
            objects.push(
                serde_json::json!({ "goal": what, "measured": measured, "raw": raw, "met": met }),
            );
        }
        let lines = objects.iter().map(|object| format!("  {object}"));
        lines.collect()
    }

    fn vm_notes(&self) -> &'static str {
        match self.counted_in_vm {
            true => {
                "What concerns kvstore was measured in a VM whose clock counts instructions, as there was no hardware \
                 virtualisation: a nanosecond is one of them, the kernel's among them, and each round is as all others."
            }
            false => "What concerns kvstore was measured in a VM.",
        }
    }

    fn warning(&self) -> Option<String> {
        let Machine {
            processors, load, ..
        } = self.machine;
        self.machine.is_busy().then(|| {
            format!(
                "The machine was busy with other things: {load:.0} programs wanted its {processors} processors. \
                 Ratios tell something, times do not."
            )
        })
    }

    fn goals(&self) -> Vec<Vec<String>> {
        let head = ["goal", "measured", "raw has", ""];
        let head = head.map(str::to_owned).to_vec();
        let rows = goals(self.figures).into_iter().map(|goal| {
            let mark = goal.mark().to_owned();
            let raw = goal.raw.map_or(String::new(), |raw| format!("{raw:.3}"));
            vec![goal.what, goal.measured, raw, mark]
        });
        std::iter::once(head).chain(rows).collect()
    }

    /// The clients of others that do something in less time than ours, in three rounds of four at least.
    fn ahead(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for (case, threads) in self.figures.cases() {
            let Some(ours) = self.figures.find(case, threads, OURS) else {
                continue;
            };
            for figure in self.figures.of(case, threads) {
                let own = figure.client.starts_with(OURS) || figure.client.starts_with(RAW);
                let ratio = figure.ratio(ours);
                if !own && ratio.high < 1.0 {
                    rows.push(vec![
                        titled(case, threads),
                        figure.client.clone(),
                        said(ratio),
                    ]);
                }
            }
        }
        rows.extend(self.quicker_listeners());
        if !rows.is_empty() {
            rows.insert(0, ["case", "client", "x ours"].map(str::to_owned).to_vec());
        }
        rows
    }

    /// Those that take less time for an event than ours.
    fn quicker_listeners(&self) -> Vec<Vec<String>> {
        let told = |heard: &Heard| Some((heard.client.clone(), heard.told.as_ref()?.ns));
        let heard: Vec<_> = self.figures.heard.iter().filter_map(told).collect();
        let Some((_, ours)) = heard.iter().find(|(client, _)| client == OURS) else {
            return Vec::new();
        };
        let quicker = heard.iter().filter(|(client, ns)| {
            !client.starts_with(OURS) && !client.starts_with(RAW) && ns < ours
        });
        let row = |(client, ns): &(String, f64)| {
            vec![
                EVENTS.to_owned(),
                client.clone(),
                format!("{:.3}", ns / ours),
            ]
        };
        quicker.map(row).collect()
    }

    fn tables(&self) -> Vec<(String, Vec<Vec<String>>)> {
        let mut tables = Vec::new();
        for (case, threads) in self.figures.cases() {
            let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
            if case == "decode" {
                rows[0].push("GB/s".to_owned());
            }
            let raw = self.figures.find(case, threads, RAW);
            rows.extend(
                self.figures
                    .of(case, threads)
                    .map(|figure| self.row(figure, raw)),
            );
            tables.push((titled(case, threads), rows));
        }
        if !self.figures.heard.is_empty() {
            let mut rows = vec![EVENT_COLUMNS.map(str::to_owned).to_vec()];
            rows.extend(self.figures.heard.iter().map(heard));
            tables.push((EVENTS.to_owned(), rows));
        }
        tables
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

/// Columns as wide as they have to be, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let widths = widths(rows);
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match at {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn markdown(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
        if at == 0 {
            let numbers = "|---:".repeat(row.len() - 1);
            text.push_str(&format!("|---{numbers}|\n"));
        }
    }
    text
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures::default();
        let lines = "recorded 400\nfamily 1 raw 0.000 0.000 2.000 100\nfamily 1 ours 0.000 0.000 2.000 104\n\
            decode 1 raw 0.000 0.000 0.000 100\nget 1 raw 0.000 0.000 2.000 90\n\
            get 1 ours 0.000 0.000 2.000 100\nget 1 quick 0.000 0.000 2.000 95\nget 1 slow 0.000 0.000 2.000 101\nevents 1 ours 0.010 0.000 - 90000 3 500.0\n\
            events 1 quick 0.010 0.000 - 90000 3 400.0\nevents 1 slow 0.010 0.000 - 90000 3 600.0\nevents 1 raw - - - - - -\n";
        figures.read(lines).unwrap();
        figures
    }

    #[test]
    fn figures_are_told_in_three_ways() {
        let machine = Machine {
            processor: "Processor".to_owned(),
            processors: 2,
            kernel: "7.3".to_owned(),
            rustc: "rustc".to_owned(),
            load: 3.0,
        };
        let measured = Measured {
            machine: &machine,
            peers: &Peers::default(),
            figures: &figures(),
            counted_in_vm: true,
        };
        let ahead = measured.ahead();
        assert_eq!(ahead.len(), 3);
        assert_eq!(ahead[1][1..], ["quick", "0.950 (0.950 to 0.950)"]);
        assert_eq!(ahead[2], [EVENTS, "quick", "0.800"]);
        let text = measured.text();
        for expected in [
            "1.040  1.040 to 1.040",
            "4.00\n",
            "met\n",
            "90000",
            "never came",
            "3 programs",
        ] {
            assert!(text.contains(expected), "no {expected} in {text}");
        }
        let page = measured.page();
        assert!(
            page.contains("| ours | 104 | 104 | 1.040 | 1.040 to 1.040 | 0 | 2 | 0 |\n"),
            "{page}"
        );
        assert!(page.contains("(benches/plots/family.svg)"));
        let objects = format!("[{}]", measured.objects().join(","));
        let objects: serde_json::Value = serde_json::from_str(&objects).unwrap();
        assert_eq!(objects[1]["ratio_to_raw"], 1.04);
        assert_eq!(objects[2]["gb_per_s"], 4.0);
        assert_eq!(objects[7]["overruns"], 3);
    }
}
