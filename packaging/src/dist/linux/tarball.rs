//! The portable `.tar.xz`, which runs from wherever it is unpacked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::dist::stage::Staged;
use crate::process::run;

/// Builds it with sorted names, owner root and the release's time.
///
/// # Errors
/// When tar or xz fail.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let name = format!("{}-{}-{}", release.name(), release.version, staged.target.label());
    let path = folder.join(format!("{name}.tar.xz"));
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--format=gnu", "--owner=root:0", "--group=root:0", "--numeric-owner"]);
    tar.args(["--mode=u+rwX,go+rX,go-w", &format!("--mtime=@{}", release.epoch_secs)]);
    // One thread, because the output depends on the number of threads.
    tar.env("XZ_OPT", "-9 --threads=1").args(["--xz", "--file"]).arg(&path);
    run(tar.arg("--directory").arg(&staged.folder).args([&format!("--transform=s,^\\.,{name},"), "."]))?;
    Ok(path)
}
