//! Shows a folder in the system's file manager, without secrets in its environment.

use std::path::Path;

/// Shows `folder`.
///
/// # Errors
/// Fails if the system has no program for it.
#[cfg(windows)]
pub(crate) fn show(folder: &Path) -> std::io::Result<()> {
    // The running shell opens it; no child process is started.
    open::that_detached(std::path::absolute(folder)?)
}

/// Shows `folder`.
///
/// # Errors
/// Fails if the system has no program for it.
#[cfg(not(windows))]
pub(crate) fn show(folder: &Path) -> std::io::Result<()> {
    start_first(open::commands(std::path::absolute(folder)?))
}

/// Starts the first of these programs that exists, and waits for its exit on a separate thread.
#[cfg(not(windows))]
fn start_first(choices: Vec<std::process::Command>) -> std::io::Result<()> {
    let mut outcome = Err(std::io::ErrorKind::NotFound.into());
    for choice in choices {
        let program = engine::child::Program::new(choice.get_program()).args(choice.get_args());
        match program.passing_all_but_secrets().start() {
            Ok(mut child) => {
                std::thread::Builder::new().name("file-manager".into()).spawn(move || child.wait())?;
                return Ok(());
            }
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

#[cfg(all(test, unix))]
#[allow(clippy::disallowed_methods, reason = "tests create the files that they need")]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_first_program_that_exists_is_started() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("made");
        let mut touch = Command::new("touch");
        touch.arg(&made);
        start_first(vec![Command::new("no-such-program-anywhere"), touch]).unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !made.exists() && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(made.exists());
        assert!(start_first(vec![Command::new("no-such-program-anywhere")]).is_err());
    }
}
