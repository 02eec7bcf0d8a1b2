//! Recto's task runner, started as `cargo xtask COMMAND`: one file per command, few dependencies, quick to build.
//!
//! It drives the program and the tools around it, and knows nothing of engine or app.

mod appimagetool;
mod check_dist;
mod check_gpu;
mod check_macos;
mod check_neon;
mod check_workflows;
mod debian_rust;
mod demo;
mod dist;
mod file_map;
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
    /// Fetches PDFium into the user's cache, where Recto looks for it
    Pdfium,
    /// Fetches what is needed, builds Recto and asks the sample report a question
    Demo(demo::DemoArgs),
    /// Installs what tests need and runs all of them, as continuous integration does
    Test(test::TestArgs),
    /// Writes the file map of ARCHITECTURE.md from the tree on disk
    FileMap,
    /// Installs the packages in clean places, uses them, upgrades and removes them
    CheckDist(check_dist::CheckDistArgs),
    /// Compiles the code for graphics cards, and checks the program with it, without a card
    CheckGpu(check_gpu::CheckGpuArgs),
    /// Checks the program for Macs, on any system
    CheckMacos(check_macos::CheckMacosArgs),
    /// Runs the tests of the CPU's kernels on emulated aarch64 CPUs
    CheckNeon,
    /// Makes the packages that people install, in target/dist
    Dist(dist::DistArgs),
    /// Draws the program's icons from assets/icons/recto.svg, in all sizes
    Icons,
    /// Lints what GitHub runs, in .github/workflows
    CheckWorkflows,
    /// Uses the disk image as its user would, on a Mac
    CheckImage,
    /// Fetches what AppImages are made with
    Appimagetool,
    /// Imports the certificate that the environment gives, on a Mac that is thrown away afterwards
    ImportCertificate,
    /// Puts the packages that are in target/dist into a draft of a release on GitHub
    Publish(publish::PublishArgs),
    /// Opens the window on a virtual display, uses it and looks at the picture
    CheckWindow,
    /// Measures how long frames take while a long report is scrolled, read and asked about
    FrameTimes(window::smooth::FrameTimesArgs),
    /// Makes pictures of every screen, light and dark, into assets/screenshots
    Screenshots,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Pdfium => pdfium::fetch().map(|_| ()),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::FileMap => file_map::run(),
        Command::CheckDist(arguments) => check_dist::run(&arguments),
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
