//! The disk image: the application, and a link to /Applications to drag it onto.
//!
//! It is not reproducible: signatures contain the time, and so does the file system that `hdiutil` creates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{bundle, sign};
use crate::dist::release::Release;
use crate::dist::stage::Staged;
use crate::dist::target::Target;
use crate::process::run;

/// Builds it, signed and notarised if the environment provides the credentials.
///
/// # Errors
/// When a system tool fails.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let app = bundle::make(staged)?;
    sign::sign(&app, &staged.pdfium.library)?;
    let path = folder.join(name(&staged.release, &staged.target));
    // The image shows the contents of the application's folder.
    let shown = app.parent().context("an application without a folder")?;
    link_to_applications(&shown.join("Applications"))?;
    let mut hdiutil = Command::new("hdiutil");
    hdiutil.args(["create", "-quiet", "-ov", "-format", "ULMO", "-fs", "HFS+", "-volname"]);
    run(hdiutil.arg(format!("Recto {}", staged.release.version)).arg("-srcfolder").arg(shown).arg(&path))?;
    sign::sign_and_notarise_image(&path)?;
    Ok(path)
}

/// The image's file name.
pub(crate) fn name(release: &Release, target: &Target) -> String {
    format!("{}-{}-{}.dmg", release.name(), release.version, target.label())
}

fn link_to_applications(link: &Path) -> Result<()> {
    if fs::symlink_metadata(link).is_ok() {
        fs::remove_file(link).with_context(|| format!("cannot replace {}", link.display()))?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("/Applications", link).with_context(|| format!("cannot make {}", link.display()))?;
    Ok(())
}
