//! The figures as tables, as JSON, and as a page with plots.

mod json;
mod tables;

use super::figures::{Figures, Heard, OURS, RAW};
use super::goals::{Goal, goals, reason, said};
use super::machine::Machine;
use super::peers::Peers;
use super::plot;
use super::table::{aligned, headed, markdown};

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

const EVENTS: &str = "events, and a reader that is too slow";

const NOTES: &str = "Figures are of an operation each. x raw is the median of the rounds' ratios to the raw client's time in the same round, and \
    waits are context switches because there was nothing to do. All clients read every attribute of what comes, but of \
    policies and of the reply to what is written. The raw client does that in place, checks nothing but lengths, writes \
    its requests into a buffer, and asks for no ACK, as raw-ack does; raw-str gives texts as `&str`, as ours \
    do, by the standard library's `CStr`. What a client cannot do, or is not asked to do here, is left out; `-` is what cannot \
    be told. In several threads an operation's time is that of all, divided by the operations of all.";

const GOAL_NOTES: &str = "Ratios are medians of all rounds, with their quartiles. `raw has` is what the raw client has in the \
    place of ours.";

/// Of ratios, where the VM's clock counts.
const COUNTED_NOTES: &str =
    " Those of kvstore's cases and of events are ratios of instructions, not of time.";

const AHEAD_NOTES: &str = "Ours read all of an item before they hand it out, and whether its texts are UTF-8, so that no getter can fail; who \
    looks at lengths alone has less to do. Of an event they look who sent it too: a process may send to a group as well.";

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
        let mut text = format!("{}\n{NOTES}\n\n", aligned(&self.clients()));
        for table in self.tables() {
            let before = table.before.map(|note| format!("{note}\n\n"));
            text.push_str(&before.unwrap_or_default());
            text.push_str(&format!("{}\n{}\n", table.title, aligned(&table.rows)));
            for note in table.after {
                text.push_str(&format!("{note}\n\n"));
            }
        }
        text.push_str(&aligned(&self.goals()));
        if let Some(reason) = reason(self.figures) {
            text.push_str(&format!("\n{reason}\n"));
        }
        for left_out in &self.peers.left_out {
            text.push_str(&format!("\nleft out: {left_out}\n"));
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
        let counted = match self.counted_in_vm {
            true => COUNTED_NOTES,
            false => "",
        };
        page.push_str("## What ours are to cost\n\n");
        page.push_str(&markdown(&self.goals()));
        page.push_str(&format!("\n{GOAL_NOTES}{counted}\n"));
        if let Some(reason) = reason(self.figures) {
            page.push_str(&format!("\n{reason}\n"));
        }
        let ahead = self.ahead();
        if !ahead.is_empty() {
            page.push_str("\n## Where others are quicker\n\n");
            page.push_str(&markdown(&ahead));
            page.push_str(&format!("\n{AHEAD_NOTES}{}\n", counted));
        }
        for (case, _) in self.plots() {
            page.push_str(&format!("\n![{}](benches/plots/{case}.svg)\n", title(case)));
        }
        page.push_str(&format!(
            "\n## The clients\n\n{}\n{NOTES}\n",
            markdown(&self.clients())
        ));
        for left_out in &self.peers.left_out {
            page.push_str(&format!("\nLeft out: {left_out}\n"));
        }
        for table in self.tables() {
            let before = table.before.map(|note| format!("{note}\n\n"));
            page.push_str(&format!(
                "\n## {}\n\n{}{}",
                table.title,
                before.unwrap_or_default(),
                markdown(&table.rows)
            ));
            for note in table.after {
                page.push_str(&format!("\n{note}\n"));
            }
        }
        page
    }

    pub(super) fn plots(&self) -> Vec<(&'static str, String)> {
        let plotted = CASES.iter().filter(|(_, _, plotted)| *plotted);
        let drawn = plotted.filter_map(|&(case, title, _)| {
            Some((
                case,
                plot::bars(self.figures, case, title, self.unit(case))?,
            ))
        });
        drawn.collect()
    }

    /// What each client is made of, those of the same in one row.
    fn clients(&self) -> Vec<Vec<String>> {
        let mut rows = vec![
            ["client", "library and version"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for same in self.peers.all.chunk_by(|a, b| a.made_of == b.made_of) {
            let names: Vec<_> = same.iter().map(|peer| peer.name).collect();
            rows.push(vec![names.join(", "), same[0].made_of.clone()]);
        }
        rows
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
        let rows = goals(self.figures).into_iter().map(|goal| {
            let mark = goal.mark().to_owned();
            let raw = goal.raw.map_or(String::new(), said);
            vec![goal.what, goal.measured, raw, mark]
        });
        headed(&["goal", "measured", "raw has", ""], rows)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::peers::Peer;

    fn machine() -> Machine {
        Machine {
            processor: "Processor".to_owned(),
            processors: 2,
            kernel: "7.3".to_owned(),
            rustc: "rustc".to_owned(),
            load: 3.0,
        }
    }

    fn peers() -> Peers {
        let peer = |(name, made_of): (&'static str, &str)| Peer {
            name,
            command: Vec::new(),
            made_of: made_of.to_owned(),
        };
        let all = [
            ("raw", "libc 1"),
            ("quick", "fast 2.0"),
            ("slow", "fast 2.0"),
        ];
        Peers {
            all: all.map(peer).into(),
            left_out: vec!["other: no network".to_owned()],
            ..Peers::default()
        }
    }

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
        let measured = Measured {
            machine: &machine(),
            peers: &peers(),
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

    #[test]
    fn units_stand_where_the_figures_are() {
        let mut figures = figures();
        figures
            .read("events 1 neli-router 0.010 14.000 - 95000 0 400.0\n")
            .unwrap();
        let (machine, peers) = (machine(), peers());
        let [counted, timed] = [true, false].map(|counted_in_vm| Measured {
            machine: &machine,
            peers: &peers,
            figures: &figures,
            counted_in_vm,
        });
        let page = counted.page();
        let at = |text: &str| {
            page.find(text)
                .unwrap_or_else(|| panic!("no {text} in {page}"))
        };
        assert!(at("| client | best ns | median ns |") < at("## an entry with 1 KiB"));
        assert!(at("## an entry with 1 KiB") < at("whose clock counts"));
        assert!(
            at("whose clock counts") < at("| client | best instructions | median instructions |")
        );
        assert!(at("| cpu instructions |") < at("100,000 events are sent"));
        assert!(at("100,000 events are sent") < at("neli-router is told of no overrun"));
        assert_eq!(page.matches("whose clock counts").count(), 1);
        assert!(at("| quick, slow | fast 2.0 |") < at("Left out: other: no network"));
        assert!(page.contains("are ratios of instructions"));
        let unit_of = |measured: &Measured<'_>, wanted: &str| {
            let plots = measured.plots();
            let (_, svg) = plots.iter().find(|(case, _)| *case == wanted).unwrap();
            let unit = svg.split_once(", as multiples").expect("a unit").0;
            unit.rsplit('>').next().unwrap_or_default().to_owned()
        };
        assert_eq!(unit_of(&counted, "get"), "instructions");
        assert_eq!(unit_of(&counted, "family"), "ns");
        assert_eq!(unit_of(&timed, "get"), "ns");
        assert!(timed.page().contains("| cpu ns |"));
        assert!(!timed.page().contains("instructions"));
    }

    #[test]
    fn a_router_that_tells_of_overruns_needs_no_word() {
        let mut figures = Figures::default();
        figures
            .read("events 1 neli-router 0.010 14.000 - 95000 1 400.0\n")
            .unwrap();
        let page = Measured {
            machine: &machine(),
            peers: &peers(),
            figures: &figures,
            counted_in_vm: false,
        }
        .page();
        assert!(page.contains("100,000 events are sent") && !page.contains("told of no overrun"));
    }
}
