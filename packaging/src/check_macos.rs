//! `cargo xtask check-macos`: checks the program for both kinds of Mac, with the feature `metal`, on any system.
//!
//! Uses clippy on a Mac and wherever rustup has the targets; on Debian, Debian's compiler checks types and warnings,
//! with the standard library built from source. Nothing is linked, which would need Apple's SDK and so a Mac. C code
//! would need it too, so a dependency that compiles C for macOS fails here.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::debian_rust::{self, DebianRust};
use crate::process::{cargo, repository, run};
use crate::say;

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct CheckMacosArgs {
    /// Processors to check for [default: all]
    #[arg(value_enum)]
    processors: Vec<Processor>,
}

/// Processors of Macs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Processor {
    /// Apple silicon
    #[value(name = "arm64")]
    Arm64,
    /// Intel
    #[value(name = "x86_64")]
    X86_64,
}

impl Processor {
    /// The target triple.
    const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-apple-darwin",
            Self::X86_64 => "x86_64-apple-darwin",
        }
    }
}

/// Checks the program for the chosen processors.
///
/// # Errors
/// Names what does not compile, or which tool is missing.
pub(crate) fn run_checks(arguments: &CheckMacosArgs) -> Result<()> {
    for processor in Processor::value_variants() {
        if arguments.processors.is_empty() || arguments.processors.contains(processor) {
            check(*processor)?;
        }
    }
    say::line(format_args!("checked; nothing was linked or run"));
    Ok(())
}

/// Checks the program for Macs with this processor.
///
/// # Errors
/// Names what does not compile, or which tool is missing.
pub(crate) fn check(processor: Processor) -> Result<()> {
    let target = processor.target();
    say::line(format_args!("checking the program with the feature metal for {target}"));
    let mut command = cargo();
    let is_debian = debian_rust::is_needed_for(target)?;
    if is_debian {
        command = DebianRust::unpack(target)?.cargo();
        // Building the standard library is not enabled in release compilers.
        command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Dwarnings");
        command.args(["check", "-Zbuild-std=std,panic_unwind"]);
    } else {
        command.arg("clippy");
    }
    command.args(["--locked", "--target", target, "--package", "engine", "--package", "app", "--all-targets"]);
    command.args(["--features", "engine/metal,app/metal", "--target-dir"]).arg(repository().join("target/macos-check"));
    if !is_debian {
        command.args(["--", "-D", "warnings"]);
    }
    run(&mut command)
}
