//! Folders of the store: made, renamed into place, and taken away.

use std::fs;
use std::path::Path;

use super::atomic;
use super::error::StoreError;
use super::retry::Retry;

/// Makes a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store is where folders are made")]
    fs::create_dir_all(path).map_err(StoreError::write(path))
}

/// Gives a folder its final name, which must be free; both lie in the same folder.
pub(super) fn publish(from: &Path, to: &Path) -> Result<(), StoreError> {
    let retry = Retry::new();
    #[expect(clippy::disallowed_methods, reason = "the store is where things get their names")]
    while let Err(error) = fs::rename(from, to) {
        if !retry.should_retry(&error) {
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
