//! What ours are to cost, beside others.

use super::figures::{Figure, Figures, OURS, RAW, Ratio};

/// What is to hold, whether it does, and what was measured.
pub(super) struct Goal {
    pub(super) what: String,
    pub(super) measured: String,
    /// What the raw client has in the place of ours: less than that is hardly possible, as the rest is the kernel's.
    pub(super) raw: Option<Ratio>,
    /// None if it was not measured.
    pub(super) met: Option<bool>,
    /// It was missed, and the raw client misses it too.
    out_of_reach: bool,
}

/// Case, client, at most so many times what another client takes, which is that.
const RATIOS: [(&str, &str, f64, &str); 9] = [
    ("family", OURS, 1.05, RAW),
    ("family", OURS, 0.85, "netlink-bindings"),
    ("family", OURS, 0.7, "ynl-c"),
    ("get", OURS, 1.05, RAW),
    ("get", OURS, 0.85, "netlink-bindings"),
    ("get", OURS, 0.7, "ynl-c"),
    ("list", OURS, 1.08, RAW),
    ("pipeline", OURS, 1.08, RAW),
    ("family", "ours-async", 1.25, OURS),
];

pub(super) fn goals(figures: &Figures) -> Vec<Goal> {
    let mut goals: Vec<_> = RATIOS
        .iter()
        .map(|&(case, client, most, other)| {
            let find = |client| figures.find(case, 1, client);
            let ratio = |client| Some(find(client)?.ratio(find(other)?));
            let raw = match client {
                OURS if other != RAW => ratio(RAW),
                _ => None,
            };
            let ratio = ratio(client);
            let met = ratio.map(|ratio| ratio.median <= most);
            Goal {
                what: format!("{case}: {client} at most {most:.2} x {other}"),
                measured: ratio.map_or("not measured".to_owned(), said),
                raw,
                met,
                out_of_reach: met == Some(false) && raw.is_some_and(|raw| raw.median > most),
            }
        })
        .collect();
    let ours = figures.find("family", 1, OURS);
    goals.push(exactly("allocations", ours, 0.0, |figure| figure.allocs));
    goals.push(exactly("system calls", ours, 2.0, |figure| figure.syscalls));
    goals
}

fn exactly(
    what: &str,
    figure: Option<&Figure>,
    wanted: f64,
    value: impl Fn(&Figure) -> Option<f64>,
) -> Goal {
    let value = figure.and_then(value);
    Goal {
        what: format!("family: {OURS} with {wanted} {what}"),
        measured: value.map_or("not measured".to_owned(), |value| value.to_string()),
        raw: None,
        met: value.map(|value| value == wanted),
        out_of_reach: false,
    }
}

/// Why goals were missed, where that is known whatever the figures are.
pub(super) fn reason(figures: &Figures) -> Option<&'static str> {
    goals(figures).iter().any(|goal| goal.out_of_reach).then_some(
        "Where `raw has` more than the goal itself, a loop by hand misses it too, and no client can reach it on this \
         machine; what ours has beyond raw's is ours.",
    )
}

/// A ratio with its quartiles.
pub(super) fn said(ratio: Ratio) -> String {
    let Ratio { low, median, high } = ratio;
    format!("{median:.3} ({low:.3} to {high:.3})")
}

impl Goal {
    pub(super) fn mark(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "-",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_missed_or_not_measured() {
        let mut figures = Figures::default();
        let lines = "family 1 raw 0 0.000 2.000 100\nfamily 1 ours 0 1.000 2.000 105\n\
            family 1 ynl-c 0 9.000 3.000 120\n";
        figures.read(lines).unwrap();
        let goals = goals(&figures);
        let mark = |what: &str| {
            let goal = goals.iter().find(|goal| goal.what == what);
            goal.expect("a goal").mark()
        };
        assert_eq!(mark("family: ours at most 1.05 x raw"), "met");
        assert_eq!(mark("family: ours at most 0.70 x ynl-c"), "MISSED");
        assert_eq!(mark("family: ours with 0 allocations"), "MISSED");
        assert_eq!(mark("family: ours with 2 system calls"), "met");
        assert_eq!(mark("list: ours at most 1.08 x raw"), "-");
        let beside_ynl = goals.iter().find(|goal| goal.what.ends_with("ynl-c"));
        let raw = beside_ynl.and_then(|goal| goal.raw);
        assert_eq!(raw.map(|raw| raw.median), Some(100.0 / 120.0));
    }

    #[test]
    fn a_reason_is_given_for_what_raw_misses_too() {
        let has_reason = |lines: &str| {
            let mut figures = Figures::default();
            figures.read(lines).unwrap();
            reason(&figures).is_some()
        };
        let beside_ynl =
            "family 1 raw 0 0 2 71\nfamily 1 ours 0 0 2 72\nfamily 1 ynl-c 0 9 3 100\n";
        assert!(has_reason(beside_ynl));
        assert!(!has_reason(&beside_ynl.replace(" 71", " 70")));
        assert!(!has_reason("list 1 raw 0 0 2 100\nlist 1 ours 0 0 2 109\n"));
    }
}
