//! Options that stand before any verb, where they say nothing: no help shows them there, and whoever
//! gives them is told.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};

use crate::Cli;

/// Options, and the verbs to which they say nothing.
const MEANINGLESS: [(&[&str], &[&str]); 4] = [
    (
        &["spec", "family"],
        &["families", "check", "spec list", "completions"],
    ),
    (
        &["skip_unknown", "process_unknown"],
        &[
            "ops",
            "families",
            "policy",
            "check",
            "codegen",
            "doc",
            "spec",
            "spec diff",
            "spec list",
            "completions",
        ],
    ),
    (
        &["peer"],
        &[
            "ops",
            "check",
            "codegen",
            "doc",
            "spec",
            "spec list",
            "completions",
        ],
    ),
    (&["output_json"], &["codegen", "doc", "completions"]),
];

/// The tool's words as clap knows them; no verb's help shows an option that means nothing to it, nor to a
/// verb inside of it.
pub(crate) fn command() -> Command {
    let mut command = Cli::command();
    let global: Vec<_> = command.get_arguments().cloned().collect();
    for (options, verbs) in MEANINGLESS {
        let hidden = global
            .iter()
            .filter(|arg| options.contains(&arg.get_id().as_str()));
        let hidden: Vec<_> = hidden
            .map(|arg| arg.clone().global(false).hide(true))
            .collect();
        for verb in verbs {
            // Hidden there, it would be unknown to the verbs inside, to which it may say something.
            if inner(&command, verb).all(|inner| verbs.contains(&&*inner)) {
                command = with_args(command, verb, &hidden);
            }
        }
    }
    command
}

/// The verbs inside of a verb: of `spec` there is `spec list`.
fn inner(command: &Command, verb: &str) -> impl Iterator<Item = String> {
    let inner = command.find_subcommand(verb).into_iter();
    inner
        .flat_map(Command::get_subcommands)
        .map(move |inner| format!("{verb} {}", inner.get_name()))
}

/// Gives arguments to a verb: `spec list`.
fn with_args(command: Command, verb: &str, args: &[Arg]) -> Command {
    match verb.split_once(' ') {
        Some((verb, inner)) => {
            command.mut_subcommand(verb, |command| with_args(command, inner, args))
        }
        None => command.mut_subcommand(verb, |command| command.args(args)),
    }
}

/// What the user says; ends the program if that makes no sense.
pub(crate) fn matches() -> ArgMatches {
    let mut command = command();
    let matches = command.get_matches_mut();
    if let Some((option, verb)) = meaningless(&matches) {
        let option = option.replace('_', "-");
        let words = format!("--{option} means nothing to `genl {verb}`");
        command.error(ErrorKind::ArgumentConflict, words).exit();
    }
    matches
}

/// An option that is given to a verb to which it says nothing, and the verb.
fn meaningless(matches: &ArgMatches) -> Option<(String, String)> {
    let (mut level, mut verbs, mut given) = (matches, Vec::new(), Vec::new());
    loop {
        let ids = level.ids().map(|id| id.as_str());
        given.extend(ids.filter(|id| level.value_source(id) == Some(ValueSource::CommandLine)));
        let Some((verb, inner)) = level.subcommand() else {
            break;
        };
        verbs.push(verb);
        level = inner;
    }
    let verb = verbs.join(" ");
    let mut silent = MEANINGLESS
        .iter()
        .filter(|(_, verbs)| verbs.contains(&verb.as_str()))
        .flat_map(|(options, _)| *options);
    let option = silent.find(|option| given.contains(option))?;
    Some((option.to_string(), verb))
}
