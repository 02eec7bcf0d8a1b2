//! Keeping below the limit: what was used longest ago goes first, and never what somebody is reading.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::EncodingStore;
use super::listing::FoundFile;
use crate::store::{FileLock, StoreError};

/// After this time nobody is writing a file under its first name any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// What [`EncodingStore::clear`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Files that went.
    pub files: u64,
    /// What they took.
    pub bytes: u64,
    /// Files that stay because somebody reads them.
    pub in_use: u64,
}

impl EncodingStore {
    /// Takes away everything that is kept, but what is being read by another process at this moment.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process makes room, [`StoreError::Read`] or [`StoreError::Write`] where
    /// files cannot be listed or taken away.
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

    /// Takes away everything that was made from the document with this hash, but what another process reads at this moment.
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

    /// Takes away what was used longest ago until `bytes` more fit below the limit, in place of the file at `path`.
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
        // Another process that makes room at this moment makes it for both.
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

    /// One process at a time takes files away.
    fn lock(&self) -> Result<FileLock, StoreError> {
        let [folder, ..] = self.folders();
        FileLock::of_folder(&folder)
    }
}

fn is_abandoned(file: &FoundFile) -> bool {
    SystemTime::now().duration_since(file.used).is_ok_and(|age| age > ABANDONED_AFTER)
}

/// Takes a file away unless somebody reads it; `true` where it is gone.
fn remove_unread(path: &Path) -> Result<bool, StoreError> {
    let Ok(file) = File::open(path) else { return Ok(!path.exists()) };
    // Readers hold a shared lock. Where the file system knows no locks, the file a reader has open stays readable.
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return Ok(false);
    }
    #[expect(clippy::disallowed_methods, reason = "the store takes away what it made")]
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(StoreError::write(path)(source)),
    }
}
