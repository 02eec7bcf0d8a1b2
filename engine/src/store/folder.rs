//! Folders of the store: made, renamed into place, and taken away.

use std::fs;
use std::path::{Path, PathBuf};

use super::patience::Patience;
use super::{Bucket, Directories, FileLock, StoreError, atomic};

/// Makes a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store is where folders are made")]
    fs::create_dir_all(path).map_err(StoreError::write(path))
}

/// Gives a folder its final name, which must be free; both lie in the same folder.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), StoreError> {
    let patience = Patience::begin();
    #[expect(clippy::disallowed_methods, reason = "the store is where things get their names")]
    while let Err(error) = fs::rename(from, to) {
        if !patience.is_left_after(&error) {
            return Err(StoreError::write(to)(error));
        }
    }
    to.parent().map_or(Ok(()), atomic::sync_folder)
}

/// Takes a folder away with all that is in it.
pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store takes away what it made")]
    fs::remove_dir_all(path).map_err(StoreError::write(path))
}

/// Takes away the folders in `parent` whose names are those of what processes that died left behind. The caller holds the
/// lock of `parent`, so nobody is at work in them.
pub(super) fn sweep(parent: &Path, is_left_behind: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    for entry in fs::read_dir(parent).map_err(StoreError::read(parent))? {
        let entry = entry.map_err(StoreError::read(parent))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name().to_str().is_some_and(&is_left_behind) {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// A folder under [`Bucket::Downloads`] for the time of one command; it goes away with the value. What was downloaded whole
/// can be kept beside it for the next attempt.
#[derive(Debug)]
pub struct ScratchFolder {
    folder: tempfile::TempDir,
    kept: PathBuf,
    _lock: FileLock,
}

/// How the folder with what is kept of a download ends.
pub(super) const KEPT: &str = ".kept";

impl ScratchFolder {
    /// Makes an empty folder for the download of `name`, and takes away what earlier downloads left when they were killed,
    /// and what was kept so long ago that nobody will come back for it.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process downloads, [`StoreError::Write`] when nothing can be written.
    pub fn new(directories: &Directories, name: &str) -> Result<Self, StoreError> {
        let bucket = Bucket::Downloads.path(directories);
        let lock = FileLock::of_folder(&bucket)?;
        let kept = format!("{name}{KEPT}");
        sweep(&bucket, |folder| folder != kept && !super::partial::may_go_on(&bucket, folder))?;
        let kept = bucket.join(kept);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(&bucket)
            .map_err(StoreError::write(&bucket))?;
        Ok(Self { folder, kept, _lock: lock })
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

    /// What was kept.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] when the folder cannot be looked at.
    pub fn kept(&self) -> Result<Vec<PathBuf>, StoreError> {
        if !self.kept.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.kept).map_err(StoreError::read(&self.kept))?;
        entries.map(|entry| Ok(entry.map_err(StoreError::read(&self.kept))?.path())).collect()
    }

    /// Takes away what was kept.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when that cannot be done.
    pub fn forget_kept(&self) -> Result<(), StoreError> {
        if self.kept.exists() { remove_folder(&self.kept) } else { Ok(()) }
    }
}
