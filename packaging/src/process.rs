//! Starting other programs, with errors that name the command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let packaging = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&packaging).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The `cargo` that started this program, run in the root of the repository.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository());
    command
}

/// Runs `command` to completion, with our standard streams.
///
/// # Errors
/// When it cannot be started or exits with an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let text = describe(command);
    let status = command.status().with_context(|| format!("cannot start `{text}`"))?;
    if !status.success() {
        bail!("`{text}` ended with {status}");
    }
    Ok(())
}

/// Runs `command` to completion and returns its standard output; standard error is ours.
///
/// # Errors
/// When it cannot be started, exits with an error, or its output is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let text = describe(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{text}`"))?;
    if !output.status.success() {
        bail!("`{text}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{text}` is not UTF-8"))
}

/// Whether `command` succeeds; its output is discarded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Whether a program of this name is in `PATH`.
pub(crate) fn is_in_path(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| {
        let path = folder.join(program);
        path.is_file() || path.with_extension("exe").is_file()
    })
}

/// The command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named() {
        let error = run(Command::new("no-such-program-anywhere").arg("--now")).unwrap_err();
        assert!(format!("{error:#}").contains("no-such-program-anywhere --now"), "{error:#}");
    }

    #[test]
    fn the_repository_holds_this_crate() {
        assert!(repository().join("packaging/pdfium.toml").is_file());
    }
}
