//! The command line: one file per command, each a thin layer over the engine.
//!
//! Exit codes: 0 success, 1 failure (a message and a hint), 2 usage error.

mod ask;
mod bench;
mod cache;
mod console;
mod eval;
mod failure;
mod forward;
mod models;
mod options;
mod pages;
mod progress;
mod pull;
mod read;
mod window;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use engine::store::{Directories, close_to_others};

use crate::platform::log;

/// Ask a report, see where the answer comes from.
#[derive(Debug, Parser)]
#[command(name = "recto", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    window: window::WindowArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers a question and prints the pages that the answer came from
    Ask(ask::AskArgs),
    /// Reads documents ahead of time and prints the reading map
    Read(read::ReadArgs),
    /// Runs the model once on given ids and pixels, to compare implementations
    Forward(forward::ForwardArgs),
    /// Shows and clears the cache of encoded documents
    Cache(cache::CacheArgs),
    /// Lists, downloads, adds, verifies and removes models
    Models(models::ModelsArgs),
    /// Measures the speed and memory use of a model on this computer
    Bench(bench::BenchArgs),
    /// Scores a model on questions with known answers
    Eval(eval::EvalArgs),
    /// Reads PDFs for the engine, over standard input and output
    #[command(hide = true)]
    Pages(pages::PagesArgs),
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    run_with(std::env::args_os())
}

/// Runs the program with `arguments`, the first of which is the program's name.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => usage.exit(),
    };
    if cli.command.is_some() {
        log::begin_on_terminal();
    }
    // The process that reads PDFs writes nothing and is started often.
    if !matches!(cli.command, Some(Command::Pages(_)))
        && let Ok(directories) = Directories::of_user()
    {
        close_to_others(&directories);
    }
    let result = match cli.command {
        Some(Command::Ask(arguments)) => ask::run(&arguments),
        Some(Command::Read(arguments)) => read::run(&arguments),
        Some(Command::Forward(arguments)) => forward::run(&arguments),
        Some(Command::Cache(arguments)) => cache::run(&arguments),
        Some(Command::Models(arguments)) => models::run(&arguments),
        Some(Command::Bench(arguments)) => bench::run(&arguments),
        Some(Command::Eval(arguments)) => eval::run(&arguments),
        Some(Command::Pages(arguments)) => pages::run(arguments),
        None => window::run(cli.window),
    };
    failure::finish(result)
}
