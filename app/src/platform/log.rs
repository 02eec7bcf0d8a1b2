//! The log file, for error reports. It never contains the text or names of documents, or questions and answers.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use engine::store::{Directories, StoreError, log_file};
use engine::untrusted::printable_message;
use tracing_subscriber::EnvFilter;

/// The environment variable with the log filter: `RECTO_LOG=debug`.
const VARIABLE: &str = "RECTO_LOG";

/// Starts logging to a file, whose path is returned, or to standard error if `RECTO_LOG` is set.
///
/// # Errors
/// Returns [`StoreError`] if the file cannot be written.
pub(crate) fn begin() -> Result<PathBuf, StoreError> {
    let (path, file): (PathBuf, File) = log_file(&Directories::of_user()?)?;
    if std::env::var_os(VARIABLE).is_some() {
        begin_on_terminal();
    } else {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_env_filter(EnvFilter::new("warn,app=info,engine=info"))
            .with_writer(Mutex::new(Escaped(file)));
        // No other subscriber is ever set.
        let _ = subscriber.try_init();
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        os = std::env::consts::OS,
        arch = std::env::consts::ARCH,
        "started"
    );
    Ok(path)
}

/// Writes each event as one line of printable text, whatever untrusted text it contains. An event comes in one write.
#[derive(Debug)]
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(self.0, "{}", printable_message(text.trim_end_matches('\n')))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Logs to standard error as `RECTO_LOG` says; nothing if it is not set.
pub(crate) fn begin_on_terminal() {
    if let Ok(filter) = EnvFilter::try_from_env(VARIABLE) {
        // No other subscriber is ever set.
        let _ = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_env_filter(filter)
            .with_writer(|| Escaped(io::stderr()))
            .try_init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_the_log() {
        let mut log = Vec::new();
        Escaped(&mut log).write_all(b"WARN engine: \x1b[2Jfile\nERROR forged \xe2\x80\xae\n").unwrap();
        assert_eq!(String::from_utf8(log).unwrap(), "WARN engine: \\u{1b}[2Jfile\\nERROR forged \\u{202e}\n");
    }
}
