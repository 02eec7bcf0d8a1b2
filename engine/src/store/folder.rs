//! Creating, renaming and removing folders of the store.

use std::fs;
use std::path::Path;

use super::error::StoreError;
use super::retry::Retry;
use super::{access, atomic};

/// Creates a folder of the store and its parents, closed to other users; one that is there is closed.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    access::create_private_folder(path).map_err(StoreError::write(path))
}

/// Renames a file or folder to its final name; both are in the same folder.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), StoreError> {
    let retry = Retry::new();
    #[expect(clippy::disallowed_methods, reason = "the store is where files are renamed")]
    while let Err(error) = fs::rename(from, to) {
        if !retry.should_retry(&error) {
            return Err(StoreError::write(to)(error));
        }
    }
    to.parent().map_or(Ok(()), atomic::sync_folder)
}

/// Removes a folder with its content.
pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store removes its own files")]
    fs::remove_dir_all(path).map_err(StoreError::write(path))
}

/// Removes folders in `parent` that dead processes have left behind, recognised by name. The caller holds the lock of
/// `parent`, so none of them is in use.
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
