//! The project's own commands: `cargo xtask VERB`.
//!
//! One file a verb, each with its `Options` and a `run()`.

mod bench;
mod build_kmod;
mod build_root;
mod cache;
mod cargo;
mod codegen;
mod demo;
mod doc_kmod;
mod kernel;
mod new;
mod progress;
mod setup;
mod suggest;
mod test;
mod timing;
mod torture;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Setup(setup::Options),
    Codegen(codegen::Options),
    BuildKmod(build_kmod::Options),
    Vm(vm::Options),
    Demo(demo::Options),
    DocKmod(doc_kmod::Options),
    Test(test::Options),
    Torture(torture::Options),
    Bench(bench::Options),
    New(new::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Setup(options) => setup::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::Codegen(options) => codegen::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::BuildKmod(options) => build_kmod::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::Vm(options) => return vm::main(&options),
        Verb::Demo(options) => demo::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::DocKmod(options) => doc_kmod::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::Test(options) => test::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::Torture(options) => torture::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::New(options) => new::run(&options).map(|()| ExitCode::SUCCESS),
        Verb::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
