//! Files written where the user says: `--output`, `--figures`, exports. Others may read them as any new file of the user.

use std::path::Path;

use super::{StoreError, access, atomic, folder};

/// Writes `bytes` to `path` atomically, replacing any file there.
///
/// # Errors
/// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; an existing file is then unchanged.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic::write_shared_file(path, bytes)
}

/// Creates a folder and its parents.
///
/// # Errors
/// Returns [`StoreError::Write`] when it cannot be created.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store is where folders are created")]
    std::fs::create_dir_all(path).map_err(StoreError::write(path))
}

/// Creates a folder of Recto's own and its parents, closed to other users.
///
/// # Errors
/// Returns [`StoreError::Write`] when it cannot be created.
pub fn create_own_folder(path: &Path) -> Result<(), StoreError> {
    folder::create_folder(path)
}

/// Closes a file or a socket of Recto's own to other users.
///
/// # Errors
/// Returns [`StoreError::Write`] when that is denied.
pub fn close_own_file(path: &Path) -> Result<(), StoreError> {
    access::close_path(path).map_err(StoreError::write(path))
}
