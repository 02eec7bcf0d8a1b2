//! Folders of the store: made, renamed into place, and taken away.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Bucket, Directories, FileLock, StoreError, atomic};

/// Makes a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store is where folders are made")]
    fs::create_dir_all(path).map_err(StoreError::write(path))
}

/// Gives a folder its final name, which must be free; both lie in the same folder.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store is where things get their names")]
    fs::rename(from, to).map_err(StoreError::write(to))?;
    to.parent().map_or(Ok(()), atomic::sync_folder)
}

/// Takes a folder away with all that is in it.
pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store takes away what it made")]
    fs::remove_dir_all(path).map_err(StoreError::write(path))
}

/// Takes away the folders in `parent` whose names start with `prefix`: what processes that died left behind. The caller
/// holds the lock of `parent`, so nobody is at work in them.
pub(super) fn sweep(parent: &Path, prefix: &str) -> Result<(), StoreError> {
    for entry in fs::read_dir(parent).map_err(StoreError::read(parent))? {
        let entry = entry.map_err(StoreError::read(parent))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// A folder under [`Bucket::Downloads`] for the time of one command; it goes away with the value.
#[derive(Debug)]
pub struct ScratchFolder {
    folder: tempfile::TempDir,
    _lock: FileLock,
}

impl ScratchFolder {
    /// Makes an empty folder for the download of `name`, and takes away what earlier downloads left when they were killed.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process downloads, [`StoreError::Write`] when nothing can be written.
    pub fn new(directories: &Directories, name: &str) -> Result<Self, StoreError> {
        let bucket = Bucket::Downloads.path(directories);
        let lock = FileLock::of_folder(&bucket)?;
        sweep(&bucket, "")?;
        let folder = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(&bucket)
            .map_err(StoreError::write(&bucket))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder in it.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be made.
    pub fn create(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.path().join(name);
        create_folder(&path)?;
        Ok(path)
    }
}
