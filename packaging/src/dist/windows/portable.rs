//! The portable `.zip`, which runs from wherever it is unpacked. User data is in the profile, as with the installed
//! program.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::names_of;
use crate::dist::stage::Staged;

/// Explains where the program keeps its data.
const NOTE: &str = "Recto, portable\r\n\r\n\
    Start recto.exe for the window; in a terminal, `recto` (recto.com) prints where it is asked to.\r\n\
    Models, library and settings are kept in your profile, %APPDATA%\\recto and %LOCALAPPDATA%\\recto, as by the\r\n\
    installed program. To keep them elsewhere, set the environment variable RECTO_HOME to a folder.\r\n";

/// Builds it with sorted names and equal times.
///
/// # Errors
/// When a file cannot be read, or the archive cannot be written.
pub(super) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let name = format!("{}-{}-{}", release.name(), release.version, staged.target.label());
    let path = folder.join(format!("{name}.zip"));
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut archive = ZipWriter::new(BufWriter::new(file));
    // Zip times are local and end in 2107; the earliest one claims nothing.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default());
    let mut add = |inside: &str, bytes: &[u8]| -> Result<()> {
        archive.start_file(format!("{name}/{inside}"), options)?;
        Ok(archive.write_all(bytes)?)
    };
    for inside in names_of(&staged.folder)? {
        let bytes = fs::read(staged.folder.join(&inside)).with_context(|| format!("cannot read {inside}"))?;
        add(&inside, &bytes).with_context(|| format!("cannot pack {inside}"))?;
    }
    add("READ ME.txt", NOTE.as_bytes()).context("cannot pack the note")?;
    archive
        .finish()
        .and_then(|mut file| Ok(file.flush()?))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
