//! The figures as JSON.

use super::tables::HEARD;
use super::{Goal, Heard, Measured, RAW, goals};

impl Measured<'_> {
    /// JSON objects: of each client in each case, of each that heard events, and of each goal.
    pub(in crate::bench) fn objects(&self) -> Vec<String> {
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
                "case": HEARD,
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
            ..
        } in goals(self.figures)
        {
            objects.push(
                serde_json::json!({ "goal": what, "measured": measured, "raw": raw.map(|raw| raw.median), "met": met }),
            );
        }
        let lines = objects.iter().map(|object| format!("  {object}"));
        lines.collect()
    }
}
