//! The application in a zip file, reproducibly.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{bundle, sign};
use crate::dist::stage::{Staged, files_below};

/// Builds it, signed if possible.
///
/// # Errors
/// When the application cannot be assembled, signed or written.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let app = bundle::make(staged)?;
    sign::sign(&app, &staged.pdfium.library)?;
    let name = format!("{}-{}-{}-app.zip", staged.release.name(), staged.release.version, staged.target.label());
    let path = folder.join(name);
    write(&app, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Writes all files below `app`, sorted. Only the executable bit of their modes is kept, and no time, because a zip
/// file stores local times without a time zone.
fn write(app: &Path, path: &Path) -> Result<()> {
    let mut archive = ZipWriter::new(File::create(path)?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for inside in files_below(app)? {
        let is_program = inside == Path::new(bundle::PROGRAM) || inside.extension().is_some_and(|end| end == "dylib");
        // Unpackers create folders from the paths of files.
        let parts = std::iter::once(bundle::NAME.into()).chain(inside.iter().map(|part| part.to_string_lossy()));
        let name = parts.collect::<Vec<_>>().join("/");
        archive.start_file(name, options.unix_permissions(if is_program { 0o755 } else { 0o644 }))?;
        archive.write_all(&fs::read(app.join(&inside))?)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}
