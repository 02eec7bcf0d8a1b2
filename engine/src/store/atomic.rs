//! Writing files atomically.
//!
//! The bytes go to a temporary file in the same folder, are synced to disk, and the file is renamed to its final name; on
//! Unix the folder is synced too, so that the rename survives a power failure.

use std::io::Write as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::access;
use super::error::StoreError;
use super::retry::Retry;

/// Writes `bytes` to `path`, replacing any file there. Its folder must exist. Only the user may read the file.
///
/// # Errors
/// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; an existing file is then unchanged.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_parts(path, &[bytes])
}

/// [`write_file`] for several slices of bytes.
pub(super) fn write_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    write(path, parts, Readers::User)
}

/// [`write_file`] with the permissions of any new file of the user.
pub(super) fn write_shared_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write(path, &[bytes], Readers::AsUsual)
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// The user alone.
    User,
    /// Those who may read any new file of the user.
    AsUsual,
}

fn write(path: &Path, parts: &[&[u8]], readers: Readers) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = new_file_in(folder, readers).map_err(StoreError::write(path))?;
    for part in parts {
        file.write_all(part).map_err(StoreError::write(path))?;
    }
    file.as_file().sync_all().map_err(StoreError::write(path))?;
    let retry = Retry::new();
    while let Err(failed) = file.persist(path) {
        if !retry.should_retry(&failed.error) {
            return Err(StoreError::write(path)(failed.error));
        }
        file = failed.file;
    }
    sync_folder(folder)
}

/// A temporary file. `tempfile` alone would deny others all access.
fn new_file_in(folder: &Path, readers: Readers) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    if readers == Readers::User {
        let file = builder.tempfile_in(folder)?;
        // The process's umask may deny the user too.
        access::close_file(file.as_file())?;
        return Ok(file);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Reduced by the process's umask.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Syncs a folder's entries to disk, where the platform supports it.
///
/// # Errors
/// Returns [`StoreError::Write`] when that fails.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        let opened = std::fs::File::open(folder).map_err(StoreError::write(folder))?;
        opened.sync_all().map_err(StoreError::write(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recto.toml");
        write_file(&path, b"first, and long").unwrap();
        write_file(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let occupied = folder.path().join("occupied");
        std::fs::create_dir(&occupied).unwrap();
        std::fs::create_dir(occupied.join("inside")).unwrap();
        let error = write_file(&occupied, b"bytes").unwrap_err();
        assert!(matches!(error, StoreError::Write { .. }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn others_may_read_of_an_output_what_they_may_read_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_shared_file(&ours, b"").unwrap();
        std::fs::File::options().write(true).create_new(true).open(&plain).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&ours), mode(&plain));
        write_file(&ours, b"").unwrap();
        assert_eq!(mode(&ours), 0o600);
    }
}
