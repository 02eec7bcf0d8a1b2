//! Files that the user asks to be written where they say: `--output`, `--figures`, exports.

use std::path::Path;

use super::{StoreError, atomic, folder};

/// Writes `bytes` to `path`, whole or not at all, in place of whatever file is there.
///
/// # Errors
/// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; then what was there before is untouched.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic::write_file(path, bytes)
}

/// Makes the folder that the user named, and those above it.
///
/// # Errors
/// Returns [`StoreError::Write`] when it cannot be made.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    folder::create_folder(path)
}
