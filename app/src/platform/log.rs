//! The log: a file beside what is kept, for a report of an error. It never holds what stands in documents, questions or answers,
//! nor their names.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use engine::store::{Directories, StoreError, log_file};
use engine::untrusted::printable_message;
use tracing_subscriber::EnvFilter;

/// The environment variable that says what is logged: `RECTO_LOG=debug`.
const VARIABLE: &str = "RECTO_LOG";

/// Begins to log into a file, whose path is returned; on standard error where `RECTO_LOG` is set.
///
/// # Errors
/// Returns [`StoreError`] where the file cannot be written.
pub(crate) fn begin() -> Result<PathBuf, StoreError> {
    let (path, file): (PathBuf, File) = log_file(&Directories::of_user()?)?;
    if std::env::var_os(VARIABLE).is_some() {
        begin_on_terminal();
    } else {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_env_filter(EnvFilter::new("warn,app=info,engine=info"))
            .with_writer(Mutex::new(Printed(file)));
        // A second subscriber is set by nobody.
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

/// Writes events, which come whole, as one printable line each, whatever a file or server put into them.
#[derive(Debug)]
struct Printed<W>(W);

impl<W: Write> Write for Printed<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        writeln!(self.0, "{}", printable_message(text.trim_end_matches('\n')))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Logs on standard error what `RECTO_LOG` asks for; nothing where it is not set.
pub(crate) fn begin_on_terminal() {
    if let Ok(filter) = EnvFilter::try_from_env(VARIABLE) {
        // A second subscriber is set by nobody.
        let _ = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_env_filter(filter)
            .with_writer(|| Printed(io::stderr()))
            .try_init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_the_log() {
        let mut log = Vec::new();
        Printed(&mut log).write_all(b"WARN engine: \x1b[2Jfile\nERROR forged \xe2\x80\xae\n").unwrap();
        assert_eq!(String::from_utf8(log).unwrap(), "WARN engine: \\u{1b}[2Jfile\\nERROR forged \\u{202e}\n");
    }
}
