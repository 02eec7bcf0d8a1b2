//! The `recto` program again, so that the tests of this crate can start it as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run()
}
