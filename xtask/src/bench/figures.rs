//! What the clients took, and what it is beside each other.

use anyhow::{Context, Result};

/// What the raw client, that which makes texts of it, and ours, are called.
pub(super) const RAW: &str = "raw";
pub(super) const OURS: &str = "ours";

/// A client in a case, as the driver tells it; an operation each.
#[derive(Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) case: String,
    pub(super) threads: u32,
    pub(super) client: String,
    pub(super) switches: Option<f64>,
    pub(super) allocs: Option<f64>,
    pub(super) syscalls: Option<f64>,
    /// Nanoseconds, a round each.
    times: Vec<f64>,
}

/// A client that was told of events faster than it reads.
#[derive(Debug, PartialEq)]
pub(super) struct Heard {
    pub(super) client: String,
    /// None of a client that did not come to the end.
    pub(super) told: Option<Told>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Told {
    pub(super) received: u64,
    /// How often it was told that events were lost.
    pub(super) overruns: u64,
    pub(super) allocs: f64,
    pub(super) switches: f64,
    /// Of the processor, an event.
    pub(super) ns: f64,
}

/// The ratio of two clients' times in the same round: the median of all rounds, and the quartiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) all: Vec<Figure>,
    pub(super) heard: Vec<Heard>,
    /// Bytes that are decoded in an operation of the case `decode`.
    recorded: f64,
}

impl Figures {
    /// Reads what the driver printed.
    pub(super) fn read(&mut self, output: &str) -> Result<()> {
        for line in output.lines() {
            let read = self.line(line);
            read.with_context(|| {
                format!("the benchmark printed a line that is no result: {line}")
            })?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let number = |word: &str| word.parse::<f64>().ok();
        let words: Vec<_> = line.split(' ').collect();
        if let ["recorded", bytes] = words[..] {
            self.recorded = number(bytes)?;
            return Some(());
        }
        let [
            case,
            threads,
            client,
            switches,
            allocs,
            syscalls,
            times @ ..,
        ] = &words[..]
        else {
            return None;
        };
        if *case == "events" {
            let [received, overruns, ns] = times else {
                return None;
            };
            let told = received.parse().ok().and_then(|received| {
                Some(Told {
                    received,
                    overruns: overruns.parse().ok()?,
                    allocs: number(allocs)?,
                    switches: number(switches)?,
                    ns: number(ns)?,
                })
            });
            let client = (*client).to_owned();
            self.heard.push(Heard { client, told });
            return Some(());
        }
        let times: Option<Vec<_>> = times.iter().map(|time| number(time)).collect();
        self.all.push(Figure {
            case: (*case).to_owned(),
            threads: threads.parse().ok()?,
            client: (*client).to_owned(),
            switches: number(switches),
            allocs: number(allocs),
            syscalls: number(syscalls),
            times: times.filter(|times| !times.is_empty())?,
        });
        Some(())
    }

    pub(super) fn find(&self, case: &str, threads: u32, client: &str) -> Option<&Figure> {
        let same = |figure: &&Figure| {
            figure.case == case && figure.threads == threads && figure.client == client
        };
        self.all.iter().find(same)
    }

    /// How fast a client decodes, in GB/s.
    pub(super) fn decoded(&self, client: &Figure) -> f64 {
        self.recorded / client.median()
    }

    /// Cases and threads, in the order in which they came.
    pub(super) fn cases(&self) -> Vec<(&str, u32)> {
        let mut cases = Vec::new();
        for figure in &self.all {
            let case = (figure.case.as_str(), figure.threads);
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
        cases
    }

    /// The clients of a case.
    pub(super) fn of(&self, case: &str, threads: u32) -> impl Iterator<Item = &Figure> {
        let all = self.all.iter();
        all.filter(move |figure| figure.case == case && figure.threads == threads)
    }
}

impl Figure {
    pub(super) fn best(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(super) fn median(&self) -> f64 {
        quantile(&self.times, 0.5)
    }

    /// To another client, round by round: what the machine does beside, it does to both.
    pub(super) fn ratio(&self, other: &Figure) -> Ratio {
        let pairs = self.times.iter().zip(&other.times);
        let ratios: Vec<_> = pairs.map(|(ours, other)| ours / other).collect();
        Ratio {
            low: quantile(&ratios, 0.25),
            median: quantile(&ratios, 0.5),
            high: quantile(&ratios, 0.75),
        }
    }
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
recorded 440
family 1 raw 0.000 0.000 2.000 100.0 110.0 200.0
family 1 ours 0.000 0.000 2.000 104.0 115.5 300.0
family 2 raw - - - 60.0 60.0 60.0
events 1 raw 0.010 0.000 - 90000 3 500.0
events 1 other - - - - - -
";

    #[test]
    fn rounds_are_compared_one_by_one() {
        let mut figures = Figures::default();
        figures.read(OUTPUT).unwrap();
        let ours = figures.find("family", 1, OURS).unwrap();
        let raw = figures.find("family", 1, RAW).unwrap();
        assert_eq!((ours.best(), ours.median()), (104.0, 115.5));
        let ratio = ours.ratio(raw);
        assert_eq!((ratio.low, ratio.median, ratio.high), (1.05, 1.05, 1.5));
        assert_eq!(figures.decoded(raw), 4.0);
        assert_eq!(figures.cases(), [("family", 1), ("family", 2)]);
        assert_eq!(figures.heard[0].told.as_ref().unwrap().overruns, 3);
        assert_eq!(figures.heard[1].told, None);
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |line| Figures::default().read(line).is_err();
        assert!(refused("warning: something"));
        assert!(refused("family 1 raw 0.000 0.000 2.000"));
        assert!(refused("family 1 raw 0.000 0.000 2.000 ten"));
        assert!(refused("events 1 raw 0.010 0.000 - 90000 3"));
    }
}
