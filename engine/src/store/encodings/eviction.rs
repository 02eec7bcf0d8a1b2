//! Evicting the least recently used entries, but never one that is being read.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::EncodingStore;
use super::listing::FoundFile;
use crate::regular_file;
use crate::store::{FileLock, StoreError};

/// A temporary file older than this was left behind by a dead process.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// The result of [`EncodingStore::clear`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Files deleted.
    pub files: u64,
    /// Their total size.
    pub bytes: u64,
    /// Files that stay because they are being read.
    pub in_use: u64,
}

impl EncodingStore {
    /// Deletes all entries, except those that another process is reading.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process evicts entries, [`StoreError::Read`] or [`StoreError::Write`] where
    /// files cannot be listed or deleted.
    pub fn clear(&self) -> Result<Cleared, StoreError> {
        let found = self.found()?;
        let mut cleared = Cleared::default();
        if found.is_empty() {
            return Ok(cleared);
        }
        let _lock = self.lock()?;
        for file in found.iter().filter(|file| file.is_entry || is_abandoned(file)) {
            if remove_unread(&file.path)? {
                cleared.files += 1;
                cleared.bytes += file.bytes;
            } else {
                cleared.in_use += 1;
            }
        }
        Ok(cleared)
    }

    /// Deletes all entries of the document with this hash, except those that another process is reading.
    ///
    /// # Errors
    /// As for [`EncodingStore::clear`].
    pub fn remove_document(&self, hash: &str) -> Result<Cleared, StoreError> {
        let mut files = self.list()?.files;
        files.retain(|file| file.about.document_hash == hash);
        let mut cleared = Cleared::default();
        if files.is_empty() {
            return Ok(cleared);
        }
        let _lock = self.lock()?;
        for file in files {
            if remove_unread(&file.path)? {
                cleared.files += 1;
                cleared.bytes += file.bytes;
            } else {
                cleared.in_use += 1;
            }
        }
        Ok(cleared)
    }

    /// Deletes the least recently used entries until `bytes` more fit below the limit, replacing the file at `path`.
    /// `false` where they cannot.
    pub(super) fn make_room(&self, bytes: u64, path: &Path) -> Result<bool, StoreError> {
        let mut found = self.found()?;
        found.retain(|file| file.path != path);
        let mut total: u64 = found.iter().map(|file| file.bytes).sum();
        if total.saturating_add(bytes) <= self.limit_bytes {
            return Ok(true);
        }
        let may_go = |file: &&FoundFile| if file.is_entry { !self.is_in_use(&file.path) } else { is_abandoned(file) };
        let least: u64 = found.iter().filter(|file| !may_go(file)).map(|file| file.bytes).sum();
        if least.saturating_add(bytes) > self.limit_bytes {
            return Ok(false);
        }
        // Another process that evicts entries right now does so for both.
        let _lock = match self.lock() {
            Err(StoreError::Busy { .. }) => return Ok(true),
            other => other?,
        };
        for file in found.iter().filter(may_go) {
            if total.saturating_add(bytes) <= self.limit_bytes {
                break;
            }
            if remove_unread(&file.path)? {
                total -= file.bytes;
            }
        }
        Ok(total.saturating_add(bytes) <= self.limit_bytes)
    }

    /// One process at a time deletes files.
    fn lock(&self) -> Result<FileLock, StoreError> {
        let [folder, ..] = self.folders();
        FileLock::of_folder(&folder)
    }
}

fn is_abandoned(file: &FoundFile) -> bool {
    SystemTime::now().duration_since(file.used).is_ok_and(|age| age > ABANDONED_AFTER)
}

/// Deletes a file unless it is being read; `true` where it is gone.
fn remove_unread(path: &Path) -> Result<bool, StoreError> {
    let Ok(file) = regular_file::open(path) else { return Ok(!path.exists()) };
    // Readers hold a shared lock. Where the file system has no locks, an open file stays readable.
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return Ok(false);
    }
    #[expect(clippy::disallowed_methods, reason = "the store removes its own files")]
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(StoreError::write(path)(source)),
    }
}
