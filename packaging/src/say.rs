//! The task runner's output on the terminal.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line to standard error, in order with the output of the tools.
pub(crate) fn line(text: Arguments<'_>) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes one line to standard output, for results rather than progress.
pub(crate) fn result(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
