//! The portable folder, used from a path with spaces and umlauts.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::used;
use crate::process::run;
use crate::window::display::Display;
use crate::window::home::Home;

/// Unpacks it and uses the program.
///
/// # Errors
/// When it does not work there.
pub(super) fn check(package: &Path, display: &Display, scratch: &Path) -> Result<()> {
    let folder = scratch.join("Ordner mit Leerzeichen und Ümläuten");
    fs::create_dir_all(&folder).context("cannot make a folder")?;
    let mut tar = Command::new("tar");
    run(tar.arg("--extract").arg("--file").arg(package).arg("--strip-components=1").arg("--directory").arg(&folder))?;
    let recto = folder.join("recto");
    let home = Home::called(scratch, "tar-home")?;
    used::on_command_line(&mut Command::new(&recto), &home, "tar.xz")?;
    used::in_window(display, &recto, &home, "tar")
}
