//! Recto's task runner, started as `cargo xtask COMMAND`: one file per command, few dependencies, quick to build.
//!
//! It drives the program and the tools around it, and knows nothing of engine or app.

mod check_gpu;
mod check_neon;
mod debian_rust;
mod demo;
mod dist;
mod file_map;
mod icons;
mod machine;
mod pdfium;
mod process;
mod program;
mod say;
mod test;
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
    Test,
    /// Writes the file map of ARCHITECTURE.md from the tree on disk
    FileMap,
    /// Compiles the code for graphics cards, and checks the program with it, without a card
    CheckGpu(check_gpu::CheckGpuArgs),
    /// Runs the tests of the CPU's kernels on emulated aarch64 CPUs
    CheckNeon,
    /// Makes the packages that people install, in target/dist
    Dist(dist::DistArgs),
    /// Draws the program's icons from assets/icons/recto.svg, in all sizes
    Icons,
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
        Command::Test => test::run(),
        Command::FileMap => file_map::run(),
        Command::CheckGpu(arguments) => check_gpu::run_checks(&arguments),
        Command::CheckNeon => check_neon::run_tests(),
        Command::Dist(arguments) => dist::run(&arguments),
        Command::Icons => icons::draw(),
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
