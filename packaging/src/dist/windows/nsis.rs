//! The per-user installer `setup.exe`, built by NSIS from `packaging/windows/recto.nsi`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{contents, four_numbers, names_of, sign};
use crate::dist::stage::Staged;
use crate::process::{repository, run};

/// Installer stubs: 64 bits like the program, if this NSIS has it. Windows runs either on every processor.
const STUBS: [&str; 2] = ["amd64-unicode", "x86-unicode"];

/// Where Debian's NSIS keeps its stubs.
const STUBS_FOLDER: &str = "/usr/share/nsis/Stubs";

/// Makes it.
///
/// # Errors
/// When NSIS fails, or its output cannot be signed.
pub(super) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let name = format!("{}-{}-{}", release.name(), release.version, staged.target.label());
    let output = folder.join(format!("{name}-setup.exe"));
    let files = names_of(&staged.folder)?;
    let script = staged.folder.with_extension("nsh");
    fs::write(&script, contents::macros(&staged.folder, &files)?)
        .with_context(|| format!("cannot write {}", script.display()))?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(staged.folder.join(file)).with_context(|| format!("cannot look at {file}"))?.len();
    }
    let has_first = Path::new(STUBS_FOLDER).join(format!("lzma_solid-{}", STUBS[0])).is_file();
    let windows = repository().join("packaging/windows");
    let defined = [
        ("VERSION", release.version.clone()),
        ("NUMBERS", four_numbers(&release.version, ".")),
        ("KILOBYTES", (bytes / 1024).to_string()),
        ("STUB", STUBS[usize::from(!has_first)].to_owned()),
        ("ICON", text(&repository().join("assets/icons/recto.ico"))?),
        ("OUTPUT", text(&output)?),
        ("CONTENTS", text(&script)?),
    ];
    let mut makensis = Command::new("makensis");
    makensis.env("SOURCE_DATE_EPOCH", release.epoch_secs.to_string()).args(["-V2", "-WX"]);
    makensis.args(defined.map(|(name, value)| format!("-D{name}={value}")));
    run(makensis.current_dir(&windows).arg("recto.nsi"))?;
    sign::sign(&output)?;
    Ok(output)
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(String::from).with_context(|| format!("the path {} is not text", path.display()))
}
