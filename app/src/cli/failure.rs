//! How a command ends: exit code, one line why it failed, one line what to do, and what another program said.

use std::io::Write;
use std::process::ExitCode;

use engine::diagnostic::Hint;
use engine::protocol::ErrorReport;

/// Why a command failed, as the user reads it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    details: Option<String>,
}

impl Failure {
    /// A failure with its two lines, in which texts from outside are escaped.
    pub(crate) fn new(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::of(ErrorReport::new(&message.into(), hint))
    }

    /// What the engine reports.
    pub(crate) fn of(report: ErrorReport) -> Self {
        let ErrorReport { message, hint, details } = report;
        Self { message, hint, details }
    }

    /// The same, with where it happened before it.
    pub(crate) fn at(self, place: &str) -> Self {
        Self { details: self.details, ..Self::new(format!("{place}: {}", self.message), self.hint) }
    }

    /// Shows it in a box where a double-click started the program on Windows: there what is printed goes nowhere.
    #[cfg(windows)]
    pub(crate) fn show_where_nobody_reads(&self) {
        if std::os::windows::io::AsRawHandle::as_raw_handle(&std::io::stderr()).is_null() {
            let text =
                self.hint.as_ref().map_or_else(|| self.message.clone(), |hint| format!("{}\n\n{hint}", self.message));
            let dialog = rfd::MessageDialog::new().set_level(rfd::MessageLevel::Error).set_title("Recto");
            dialog.set_description(text).show();
        }
    }
}

impl<E: std::error::Error + Hint> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::of(ErrorReport::of(&error))
    }
}

/// Prints a failure and turns a command's result into the program's exit code.
pub(crate) fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut stderr = std::io::stderr().lock();
            // Nothing can be done about a closed standard error.
            let _ = writeln!(stderr, "error: {}", failure.message);
            if let Some(hint) = failure.hint {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            if let Some(details) = failure.details {
                let _ = writeln!(stderr, "details:");
                for line in details.lines() {
                    let _ = writeln!(stderr, "  {line}");
                }
            }
            ExitCode::FAILURE
        }
    }
}
