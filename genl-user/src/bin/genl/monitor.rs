//! `genl monitor`: notifications of any family, by its spec.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use genl_user::dynamic::serde_json::{Value, json};
use genl_user::dynamic::{Error, Event, Monitor};

use crate::output::Output;
use crate::source::Source;
use crate::{Outcome, warn};

/// What to listen to, and until when.
#[derive(Args)]
pub(crate) struct Options {
    /// Multicast groups; all that the family has where it is served, if none is named
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Stop after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, visible_alias = "sleep")]
    duration: Option<Duration>,
    /// Stop after so many notifications
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let family = source.load()?;
    let groups: Vec<_> = options.groups.iter().map(String::as_str).collect();
    let mut monitor = Monitor::open_with(family, &groups, &source.options())?;
    monitor.set_unknown(source.unknown());
    let start = Instant::now();
    let mut left = options.count.unwrap_or(usize::MAX);
    while left > 0 {
        let rest = options
            .duration
            .map(|it| it.saturating_sub(start.elapsed()));
        let event = match monitor.next(rest) {
            // About a single one: the next may well be readable.
            Err(error @ Error::Unreadable { .. }) => {
                warn("warning", &error);
                continue;
            }
            event => event?,
        };
        let Some(event) = event else { break };
        left -= usize::from(matches!(event, Event::Known { .. }));
        print(out, event)?;
        // Whoever reads a pipe wants to see it now.
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut Output, event: Event) -> std::io::Result<()> {
    match event {
        Event::Known { name, values } if out.json => {
            out.json_line(&json!({"name": name, "msg": Value::Object(values)}))
        }
        Event::Known { name, values } => {
            let name = out.style.heading(name);
            writeln!(out, "{name}")?;
            out.object(&values, 2)
        }
        Event::Overrun => {
            warn(
                "warning",
                &"notifications were lost: more came than could be read",
            );
            match out.json {
                true => out.json_line(&json!({"overrun": true})),
                false => Ok(()),
            }
        }
        Event::Reloaded => {
            warn(
                "warning",
                &"the family was loaded anew: its first notifications may be lost",
            );
            match out.json {
                true => out.json_line(&json!({"reloaded": true})),
                false => Ok(()),
            }
        }
        Event::Unknown { family_id, cmd } => {
            let said =
                format!("family {family_id} sent command {cmd}, which the spec does not have");
            warn("warning", &said);
            Ok(())
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "it should be a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
