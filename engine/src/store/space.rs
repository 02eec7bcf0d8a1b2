//! Checking for free space before anything is written.

use std::path::Path;

use super::disk::free_bytes;
use super::error::StoreError;

/// Checks that the disk of `path` has `needed_bytes` of free space.
///
/// # Errors
/// Returns [`StoreError::DiskFull`] when it does not.
pub fn require_free(path: &Path, needed_bytes: u64) -> Result<(), StoreError> {
    match free_bytes(path) {
        Some(free_bytes) if free_bytes < needed_bytes => {
            Err(StoreError::DiskFull { path: path.to_owned(), needed_bytes, free_bytes: Some(free_bytes) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(unix, windows))]
    fn more_than_any_disk_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        require_free(folder.path(), 1).unwrap();
        let error = require_free(folder.path(), u64::MAX).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { needed_bytes: u64::MAX, .. }), "{error}");
    }
}
