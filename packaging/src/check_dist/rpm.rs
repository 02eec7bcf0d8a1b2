//! The .rpm: digests, contents and dependencies are checked; it is installed in a folder, used and removed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::used;
use crate::dist::files_below;
use crate::process::{output, run};
use crate::window::display::Display;
use crate::window::home::Home;
use crate::{machine, say};

/// Files it must contain.
const CONTENTS: &[&str] = &[
    "/usr/bin/recto",
    "/usr/lib/recto/libpdfium.so",
    "/usr/share/applications/recto.desktop",
    "/usr/share/doc/recto/sbom.cdx.json.gz",
    "/usr/share/doc/recto/third-party.txt.gz",
    "/usr/share/icons/hicolor/16x16/apps/recto.png",
    "/usr/share/man/man1/recto.1.gz",
    "/usr/share/recto/sample/treasury_bulletin_2025_06.pdf",
];

/// Dependencies it must have: a linked library, and some that are opened by name.
const NEEDED: &[&str] =
    &["libc.so.6()(64bit)", "libX11.so.6()(64bit)", "libEGL.so.1()(64bit)", "libxkbcommon-x11.so.0()(64bit)"];

/// Checks it.
///
/// # Errors
/// When anything is wrong with it.
pub(super) fn check(package: &Path, display: &Display, scratch: &Path) -> Result<()> {
    machine::need_tools(&[("rpm", "rpm")])?;
    let rpm = |words: &[&str]| output(Command::new("rpm").args(words).arg(package));
    let digests = rpm(&["--checksig", "--nosignature"])?;
    ensure!(digests.contains("digests OK"), "{digests}");
    let (files, needed) = (rpm(&["-qpl"])?, rpm(&["-qp", "--requires"])?);
    for (wanted, list) in [(CONTENTS, &files), (NEEDED, &needed)] {
        for name in wanted {
            ensure!(list.lines().any(|line| line == *name), "the .rpm has no {name}");
        }
    }
    let provided = rpm(&["-qp", "--provides"])?;
    ensure!(!provided.contains("libpdfium"), "the .rpm provides its PDFium to other packages: {provided}");
    say::result(format_args!(
        "rpm: digests match, {} files, {} dependencies",
        files.lines().count(),
        needed.lines().count()
    ));

    let root = scratch.join("rpm-root");
    let installer = |words: &[&str]| {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(&root).args(words);
        command
    };
    std::fs::create_dir_all(&root).context("cannot make a folder")?;
    run(&mut installer(&["--initdb"]))?;
    // Dependencies come from this machine.
    run(installer(&["--install", "--nodeps", "--noscripts", "--nosignature"]).arg(package))?;
    let changed = output(&mut installer(&["--verify", "--nodeps", "recto"]))?;
    ensure!(changed.is_empty(), "files differ from the package: {changed}");
    let home = Home::called(scratch, "rpm-home")?;
    let recto = root.join("usr/bin").join(used::command_of(&root.join("usr/share/applications/recto.desktop"))?);
    used::on_command_line(&mut Command::new(&recto), &home, "rpm")?;
    used::in_window(display, &recto, &home, "rpm")?;
    run(&mut installer(&["--erase", "recto"]))?;
    let left = files_below(&root.join("usr"))?;
    let left: Vec<_> = left.iter().filter(|path| path.display().to_string().contains("recto")).collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    Ok(())
}
