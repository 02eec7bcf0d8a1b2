//! Locks between processes, so that two Rectos do not install into one folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::StoreError;
use super::folder::create_folder;

/// A folder that this process alone may change, for as long as the value lives.
#[derive(Debug)]
pub struct FileLock {
    // The operating system lets go of the lock when the file is closed, also when the process is killed.
    _file: File,
}

impl FileLock {
    /// Locks `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] at once when another process holds the lock, [`StoreError::Write`] when the folder
    /// cannot be written.
    pub fn of_folder(folder: &Path) -> Result<Self, StoreError> {
        create_folder(folder)?;
        let path = folder.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(&path)
            .map_err(StoreError::write(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(StoreError::Write { path, source }),
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
