//! Tests of the command line: each starts the program as a user would.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]

mod adapt;
mod bench;
mod eval;
mod models;
mod no_display;
mod no_network;
mod pull;
mod read;
#[path = "../shared/mod.rs"]
mod shared;

use std::path::Path;
use std::process::{Command, Output, Stdio};

#[cfg(unix)]
use shared::wait_for_line;
use shared::{checkpoints, hub_server, reading_model, tiny_repository};

/// The program, with nothing to read from its standard input.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recto-under-test"));
    command.stdin(Stdio::null());
    command
}

/// The program with these arguments and its files under `home`.
fn recto(home: &Path, arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(arguments).env("RECTO_HOME", home);
    command
}

/// What the program says, once it has ended.
fn run(home: &Path, arguments: &[&str]) -> Output {
    recto(home, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
