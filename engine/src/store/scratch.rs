//! The folder of a download that pip runs: temporary, with a second one for wheels to keep until the next attempt.

use std::fs;
use std::path::{Path, PathBuf};

use super::directories::Directories;
use super::error::StoreError;
use super::folder::{create_folder, publish, remove_folder, sweep};
use super::lock::FileLock;
use super::resumable::{self, KEPT};
use super::store_folder::StoreFolder;

/// A temporary folder under [`StoreFolder::Downloads`], removed on drop. Complete files can be kept for the next attempt in a
/// second folder.
#[derive(Debug)]
pub struct ScratchFolder {
    folder: tempfile::TempDir,
    kept: PathBuf,
    _lock: FileLock,
}

impl ScratchFolder {
    /// Creates an empty folder for the download of `name`. Removes what killed downloads have left behind, and files kept
    /// for too long.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process downloads, [`StoreError::Write`] when it cannot be written.
    pub fn new(directories: &Directories, name: &str) -> Result<Self, StoreError> {
        let downloads = StoreFolder::Downloads.path(directories);
        let lock = FileLock::of_folder(&downloads)?;
        let kept = format!("{name}{KEPT}");
        sweep(&downloads, |folder| folder != kept && resumable::is_stale(&downloads, folder))?;
        let kept = downloads.join(kept);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(&downloads)
            .map_err(StoreError::write(&downloads))?;
        Ok(Self { folder, kept, _lock: lock })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Creates a folder in it.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be created.
    pub fn create(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.path().join(name);
        create_folder(&path)?;
        Ok(path)
    }

    /// Keeps all files of `folder` for the next attempt.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when they cannot be moved.
    pub fn keep(&self, folder: &Path) -> Result<(), StoreError> {
        create_folder(&self.kept)?;
        for entry in fs::read_dir(folder).map_err(StoreError::read(folder))? {
            let entry = entry.map_err(StoreError::read(folder))?;
            publish(&entry.path(), &self.kept.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// The kept files.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] when the folder cannot be listed.
    pub fn kept(&self) -> Result<Vec<PathBuf>, StoreError> {
        if !self.kept.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.kept).map_err(StoreError::read(&self.kept))?;
        entries.map(|entry| Ok(entry.map_err(StoreError::read(&self.kept))?.path())).collect()
    }

    /// Removes the kept files.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when they cannot be removed.
    pub fn forget_kept(&self) -> Result<(), StoreError> {
        if self.kept.exists() { remove_folder(&self.kept) } else { Ok(()) }
    }
}
