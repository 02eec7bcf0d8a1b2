//! How a command ends: the exit code, an error message, a hint, and details from another program.

use std::io::Write;
use std::process::ExitCode;

use engine::diagnostic::Hint;
use engine::protocol::ErrorReport;

/// Why a command failed, as shown to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    details: Option<String>,
}

impl Failure {
    /// A failure with a message and an optional hint, in which untrusted text is escaped.
    pub(crate) fn new(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::of(ErrorReport::new(&message.into(), hint))
    }

    /// A failure reported by the engine.
    pub(crate) fn of(report: ErrorReport) -> Self {
        let ErrorReport { message, hint, details } = report;
        Self { message, hint, details }
    }

    /// Prefixes the message with where it happened.
    pub(crate) fn at(self, place: &str) -> Self {
        Self { details: self.details, ..Self::new(format!("{place}: {}", self.message), self.hint) }
    }

    /// Shows the failure in a dialog if there is no console, as when the program was started by a double-click on Windows.
    #[cfg(windows)]
    pub(crate) fn show_without_console(&self) {
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
