//! A Python with the packages for training: a given one, or an environment kept in cargo's output folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine::{self, PYTHON};
use crate::process::{self, repository};
use crate::say;

/// The variable that names a Python with the packages.
pub(super) const GIVEN: &str = "RECTO_TRAINING_PYTHON";

/// The packages with their versions.
const REQUIREMENTS: &str = "packaging/training/requirements.txt";

/// The given Python, or that of an environment in `target`, created if it is missing or its packages changed.
///
/// # Errors
/// When it cannot be created, or packages cannot be downloaded.
pub(super) fn with_packages(target: &Path) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(GIVEN) {
        return Ok(given.into());
    }
    let folder = target.join("training-python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let path = repository().join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&path).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    // Written last, so an incomplete environment is created again.
    let stamp = folder.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    say::line(format_args!(
        "fetching the packages of {REQUIREMENTS}, several GB; they are kept in {}",
        folder.display()
    ));
    machine::need_venv()?;
    process::run(Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&folder))?;
    process::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&path))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}
