//! Files written where the user says: `--output`, `--figures`, exports.

use std::path::Path;

use super::{StoreError, atomic, folder};

/// Writes `bytes` to `path` atomically, replacing any file there.
///
/// # Errors
/// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; an existing file is then unchanged.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic::write_file(path, bytes)
}

/// Creates a folder and its parents.
///
/// # Errors
/// Returns [`StoreError::Write`] when it cannot be created.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    folder::create_folder(path)
}
