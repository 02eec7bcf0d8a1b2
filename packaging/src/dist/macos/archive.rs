//! The application in a zip file: the same bytes for the same application.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{bundle, sign};
use crate::dist::stage::{Staged, files_below};

/// Makes it, signed where that can be done.
///
/// # Errors
/// When the application cannot be put together, signed or written.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let app = bundle::make(staged)?;
    sign::sign(&app, &staged.pdfium.library)?;
    let name = format!("{}-{}-{}-app.zip", staged.release.name(), staged.release.version, staged.target.label());
    let path = folder.join(name);
    write(&app, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Writes all files below `app`, in order. Of their modes only whether they are programs is kept, and no time: a zip file
/// knows the time of some place, not of which.
fn write(app: &Path, path: &Path) -> Result<()> {
    let mut archive = ZipWriter::new(File::create(path)?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for inside in files_below(app)? {
        let is_program = inside == Path::new(bundle::PROGRAM) || inside.extension().is_some_and(|end| end == "dylib");
        // Unpackers that know no folders of the same name make them from the files' paths.
        let parts = std::iter::once(bundle::NAME.into()).chain(inside.iter().map(|part| part.to_string_lossy()));
        let name = parts.collect::<Vec<_>>().join("/");
        archive.start_file(name, options.unix_permissions(if is_program { 0o755 } else { 0o644 }))?;
        archive.write_all(&fs::read(app.join(&inside))?)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}
