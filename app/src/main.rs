//! The `recto` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run()
}
