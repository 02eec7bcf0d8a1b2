//! The AppImage, a single file that runs without installation, built by `appimagetool`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::tree::Tree;
use crate::dist::stage::{Staged, copy};
use crate::icons;
use crate::process::{repository, run};

/// Makes it.
///
/// # Errors
/// When a file cannot be written, or `appimagetool` fails.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let tree = Tree::lay_out(staged, "AppDir")?;
    copy(&repository().join("packaging/linux/recto.desktop"), &tree.at("recto.desktop"))?;
    copy(&icons::picture(256), &tree.at("recto.png"))?;
    tree.settle()?;
    link("usr/bin/recto", &tree.at("AppRun"))?;
    link("recto.png", &tree.at(".DirIcon"))?;
    let processor = &staged.target.processor;
    let path = folder.join(format!("{}-{}-{processor}.AppImage", release.name(), release.version));
    let mut tool = Command::new("appimagetool");
    tool.env("SOURCE_DATE_EPOCH", release.epoch_secs.to_string());
    run(tool.env("ARCH", processor).arg("--no-appstream").arg(&tree.root).arg(&path))?;
    Ok(path)
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<()> {
    use anyhow::Context as _;
    std::os::unix::fs::symlink(to, at).with_context(|| format!("cannot make {}", at.display()))
}

#[cfg(not(unix))]
fn link(_to: &str, _at: &Path) -> Result<()> {
    anyhow::bail!("AppImages are built on Linux")
}
