//! Recto's task runner, started as `cargo xtask COMMAND`: one file per command, few dependencies, quick to build.
//!
//! It drives the program and its tools, and does not depend on engine or app.

mod appimagetool;
mod attack;
mod check_dist;
mod check_gpu;
mod check_macos;
mod check_neon;
mod check_workflows;
mod debian_rust;
mod demo;
mod dist;
mod icons;
mod machine;
mod pdfium;
mod process;
mod program;
mod publish;
mod say;
mod test;
mod training;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Recto's task runner.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download PDFium into the user's cache
    Pdfium,
    /// Download what is needed, build Recto and ask a question about the sample report
    Demo(demo::DemoArgs),
    /// Install what the tests need and run them all, as continuous integration does
    Test(test::TestArgs),
    /// Install packages in clean roots, use, upgrade and remove them
    CheckDist(check_dist::CheckDistArgs),
    /// Give the program mutated files and count how it takes them
    Attack(attack::AttackArgs),
    /// Compile the GPU kernels and check the program with them, without a card
    CheckGpu(check_gpu::CheckGpuArgs),
    /// Check the program for Macs, on any system
    CheckMacos(check_macos::CheckMacosArgs),
    /// Run the CPU kernel tests on emulated aarch64 CPUs
    CheckNeon,
    /// Build the packages, in target/dist
    Dist(dist::DistArgs),
    /// Render the program's icons from assets/icons/recto.svg
    Icons,
    /// Lint the workflows in .github/workflows
    CheckWorkflows,
    /// Use the disk image as a user would, on a Mac
    CheckImage,
    /// Download appimagetool
    Appimagetool,
    /// Import a signing certificate from the environment, on a disposable machine
    ImportCertificate,
    /// Put the packages in target/dist into a draft release on GitHub
    Publish(publish::PublishArgs),
    /// Use the window on a virtual display and check what it shows
    CheckWindow,
    /// Measure frame times while a long report is scrolled, read and asked about
    FrameTimes(window::smooth::FrameTimesArgs),
    /// Take screenshots of every screen, light and dark, in assets/screenshots
    Screenshots,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Pdfium => pdfium::fetch().map(|_| ()),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::CheckDist(arguments) => check_dist::run(&arguments),
        Command::Attack(arguments) => attack::run(&arguments),
        Command::CheckGpu(arguments) => check_gpu::run_checks(&arguments),
        Command::CheckMacos(arguments) => check_macos::run_checks(&arguments),
        Command::CheckNeon => check_neon::run_tests(),
        Command::Dist(arguments) => dist::run(&arguments),
        Command::Icons => icons::draw(),
        Command::CheckImage => dist::macos::check::run_checks(),
        Command::Appimagetool => appimagetool::fetch(),
        Command::ImportCertificate => dist::macos::certificate::import(),
        Command::Publish(arguments) => publish::run_for(&arguments),
        Command::CheckWorkflows => check_workflows::run_linters(),
        Command::Screenshots => window::screenshots::run(),
        Command::FrameTimes(arguments) => window::smooth::run(&arguments),
        Command::CheckWindow => window::check::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::line(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
