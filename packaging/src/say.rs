//! What the task runner tells the person at the terminal.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line to standard error, where it stands in order with what the tools say there.
pub(crate) fn line(text: Arguments<'_>) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes one line to standard output: results, not progress.
pub(crate) fn result(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
