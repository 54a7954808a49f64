//! The command-line tool `genl`: what a spec says, what the running kernel has, and any operation
//! of any family by its spec.
//!
//! One file a command, each with a `run()`.

mod asked;
mod assign;
mod call;
mod check;
mod codegen;
mod completions;
mod diff;
mod doc;
mod families;
mod json;
mod meaningless;
mod monitor;
mod ops;
mod output;
mod policies;
mod policy;
mod search;
mod source;
mod spec;
mod style;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{FromArgMatches, Parser, Subcommand};
use genl_user::dynamic;
use output::Output;
use source::{BadSpec, Source};
use style::Style;

/// Generic netlink families: what their specs say, what the running kernel has, and calls of any
/// operation
///
/// A spec is a YAML file, in the format of the kernel's own Documentation/netlink/specs.
#[derive(Parser)]
#[command(
    name = "genl",
    version,
    after_help = "Examples:
  genl families
  genl --family netdev ops
  genl --family netdev dump dev-get
  genl --spec netdev.yaml do dev-get ifindex=1
  genl --family ethtool do linkinfo-get header.dev-name=eth0 --output-json
  genl --family nlctrl monitor notify --duration 10
  genl --spec greeter.yaml --peer 4711 do hello name=gopher

Exit status: 0 done, 1 the kernel refused or something was found wrong, 2 wrong use."
)]
struct Cli {
    #[command(flatten)]
    source: Source,
    /// Write JSON, in the shape of YNL's own tool
    #[arg(long, global = true, help_heading = "Output")]
    output_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Call an operation that is answered once
    #[command(after_help = "Examples:
  genl --family nlctrl do getfamily family-name=nlctrl
  genl --family ethtool do rings-set header.dev-name=eth0 rx=512
  genl --family netdev do dev-get --json '{\"ifindex\": 1}' --output-json
  echo '{\"ifindex\": 1}' | genl --family netdev do dev-get --json -")]
    Do {
        #[command(flatten)]
        call: call::Call,
        #[command(flatten)]
        flags: call::Flags,
    },
    /// Call an operation that lists things
    #[command(after_help = "Examples:
  genl --family nlctrl dump getfamily
  genl --family ethtool dump linkmodes-get --output-json | jq '.[].header'")]
    Dump {
        #[command(flatten)]
        call: call::Call,
    },
    /// Call several operations with one send; one that is refused does not keep the others
    #[command(after_help = "Examples:
  genl --family nlctrl multi --do getfamily '{\"family-id\": 16}' --do getfamily \\
      '{\"family-name\": \"ethtool\"}'")]
    Multi(call::Multi),
    /// Show notifications as they come
    #[command(
        visible_alias = "subscribe",
        after_help = "Examples:
  genl --family nlctrl monitor
  genl --family netdev monitor mgmt --duration 60 --output-json
  genl --family ethtool monitor monitor --count 1"
    )]
    Monitor(monitor::Options),
    /// List a spec's operations and events, or show one's attributes
    #[command(after_help = "Examples:
  genl --family netdev ops
  genl --family netdev ops dev-get")]
    Ops(ops::Options),
    /// List the families that the running kernel has
    #[command(after_help = "Examples:
  genl families
  genl families --output-json | jq -r '.[].\"family-name\"'")]
    Families,
    /// Show what the running kernel asks of each attribute; with names where a spec is found
    #[command(after_help = "Examples:
  genl policy nlctrl
  genl policy ethtool rings-set --spec ethtool.yaml")]
    Policy(policy::Options),
    /// Say what is wrong with specs, and what is doubtful; the exit status is 1 if anything is wrong
    #[command(after_help = "Examples:
  genl check family.yaml
  genl check --deny-warnings --allow W102 *.yaml
  genl check --kernel family.yaml
  genl check --explain E012")]
    Check(check::Options),
    /// Make code or documentation from a spec
    #[command(after_help = "Examples:
  genl codegen --user family.yaml -o src
  genl codegen --uapi --docs family.yaml -o out
  genl codegen --uapi --family netdev")]
    Codegen(codegen::Options),
    /// Print a family's documentation, in Markdown
    #[command(after_help = "Examples:
  genl doc family.yaml
  genl doc --family netdev | less")]
    Doc(doc::Options),
    /// Print a spec, compare it with the running kernel, or list those that are found
    #[command(after_help = "Examples:
  genl spec --strip family.yaml
  genl spec --family netdev
  genl spec diff family.yaml
  genl spec list")]
    Spec(spec::Options),
    /// Print a shell's completions
    #[command(after_help = "Examples:
  genl completions bash > /etc/bash_completion.d/genl
  genl completions zsh > ~/.zfunc/_genl
  genl completions fish > ~/.config/fish/completions/genl.fish")]
    Completions(completions::Options),
}

/// What a command comes to: the exit status, or why it could not be carried out.
type Outcome = Result<ExitCode, Box<dyn Error>>;

fn main() -> ExitCode {
    let Cli {
        source,
        output_json,
        command,
    } = Cli::from_arg_matches(&meaningless::matches()).unwrap_or_else(|error| error.exit());
    let mut out = Output::new(output_json);
    let outcome = match command {
        Command::Do { call, flags } => call::run_do(&mut out, &source, &call, &flags),
        Command::Dump { call } => call::run_dump(&mut out, &source, &call),
        Command::Multi(multi) => call::run_multi(&mut out, &source, &multi),
        Command::Monitor(options) => monitor::run(&mut out, &source, &options),
        Command::Ops(options) => ops::run(&mut out, &source, &options),
        Command::Families => families::run(&mut out, &source),
        Command::Policy(options) => policy::run(&mut out, &source, &options),
        Command::Check(options) => check::run(&mut out, &options),
        Command::Codegen(options) => codegen::run(&mut out, &source, &options),
        Command::Doc(options) => doc::run(&mut out, &source, &options),
        Command::Spec(options) => spec::run(&mut out, &source, &options),
        Command::Completions(options) => completions::run(&mut out, &options),
    };
    // What was found before an error is shown before it.
    let flushed = out.flush();
    match (outcome, flushed) {
        (Err(error), _) => failure(&*error),
        (Ok(_), Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => failure(&error),
        (Ok(code), _) => code,
    }
}

/// Says what went wrong, and gives the exit status: 1 if it was refused or failed, 2 if it was
/// asked for in the wrong way.
fn failure(error: &(dyn Error + 'static)) -> ExitCode {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // Whoever reads our output has enough, as `head` does.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return ExitCode::SUCCESS;
        }
    }
    match error.downcast_ref::<BadSpec>() {
        Some(report) => {
            // As in `warn()`.
            let _ = writeln!(io::stderr(), "{report}");
        }
        None => warn("error", &error),
    }
    let failed = match error.downcast_ref() {
        Some(dynamic::Error::NoSuch(_) | dynamic::Error::Unfit { .. }) => false,
        Some(_) => true,
        None => error.is::<genl_user::Error>() || error.is::<io::Error>(),
    };
    ExitCode::from(if failed { 1 } else { 2 })
}

/// Says something on stderr, behind `error:` or `warning:`.
fn warn(what: &str, said: &dyn Display) {
    let style = Style::stderr();
    let label = format!("{what}:");
    let label = match what {
        "error" => style.error(label),
        _ => style.warning(label),
    };
    // If nobody hears it, nobody can be told.
    let _ = writeln!(io::stderr(), "{label} {said}");
}
