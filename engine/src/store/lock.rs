//! Locks between processes, so that two of them do not change the same folder.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::access;
use super::error::StoreError;
use super::folder::create_folder;
use crate::regular_file;

/// How long to wait for a lock: a program that is just starting briefly holds the files its parent has open.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// An exclusive lock on a folder, released on drop.
#[derive(Debug)]
pub struct FileLock {
    // The operating system releases the lock when the file is closed, also when the process is killed.
    _file: File,
}

impl FileLock {
    /// Locks `folder`, creating it if missing.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] when another process keeps holding the lock, [`StoreError::Write`] when the folder
    /// cannot be written.
    pub fn of_folder(folder: &Path) -> Result<Self, StoreError> {
        create_folder(folder)?;
        Self::within(MAX_WAIT, folder)
    }

    /// Locks an existing folder, provided that nobody holds the lock this moment.
    pub(super) fn if_free(folder: &Path) -> Option<Self> {
        Self::within(Duration::ZERO, folder).ok()
    }

    fn within(max_wait: Duration, folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(".lock");
        let mut options = access::private_file();
        options.truncate(false).write(true).read(true);
        let file = regular_file::open_with(&mut options, &path).map_err(StoreError::write(&path))?;
        // A file of another user stays as it is.
        let _ = access::close_file(&file);
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < max_wait => std::thread::sleep(MAX_WAIT / 20),
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: folder.to_owned() }),
                Err(TryLockError::Error(source)) => return Err(StoreError::Write { path, source }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_folder_is_busy_until_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("models-v1");
        let first = FileLock::of_folder(&inside).unwrap();
        assert!(matches!(FileLock::of_folder(&inside), Err(StoreError::Busy { .. })));
        drop(first);
        FileLock::of_folder(&inside).unwrap();
    }
}
