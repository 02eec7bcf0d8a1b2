//! The encoding cache on disk, so that a report is read only once: one file per window, one per picture, and one for the
//! pages of a document.
//!
//! A file is found by its [`Key`], a hash over everything its content depends on; there is no index that could get out of
//! sync. Files (`format.rs`) are written atomically and verified completely whenever they are read, so damaged, foreign or
//! incompatible files count as missing. Knows nothing of tensors or tokens: states are bytes of bf16 numbers, with further
//! bytes that the caller understands.

mod clock;
mod eviction;
mod format;
mod key;
mod listing;
mod mapped;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use eviction::Cleared;
pub use format::{About, Entry, EntryKind};
pub use key::{Key, KeyHasher};
pub use listing::{Kept, KeptFile};
pub use mapped::MappedEntry;

use super::{Directories, StoreError, StoreFolder, atomic, folder};

/// Default limit: 4 GiB, about three million tokens of the smallest model.
pub const DEFAULT_LIMIT_BYTES: u64 = 4 << 30;

/// Environment variable for the limit, in gigabytes (10⁹ bytes); 0 disables the cache.
const LIMIT_VARIABLE: &str = "RECTO_CACHE_GB";

/// Extension of the files.
const EXTENSION: &str = "enc";

/// A file's time of last use is updated only when it is older than this.
const TOUCH_AFTER: Duration = Duration::from_secs(2);

/// The result of [`EncodingStore::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was stored.
    Kept,
    /// It does not fit below the limit together with the files in use.
    NoRoom,
}

/// The encoding cache of one user. Several processes may use it at once.
#[derive(Debug)]
pub struct EncodingStore {
    directories: Directories,
    limit_bytes: u64,
    /// Files read or written since the last [`EncodingStore::release`]: they are not evicted.
    in_use: Mutex<BTreeSet<PathBuf>>,
}

impl EncodingStore {
    /// The cache under these directories; nothing is created before something is stored. `limit_bytes` limits its size;
    /// where it is `None`, the environment variable `RECTO_CACHE_GB` does, else [`DEFAULT_LIMIT_BYTES`].
    pub fn new(directories: &Directories, limit_bytes: Option<u64>) -> Self {
        let limit_bytes = limit_bytes.or_else(limit_of_environment).unwrap_or(DEFAULT_LIMIT_BYTES);
        Self { directories: directories.clone(), limit_bytes, in_use: Mutex::default() }
    }

    /// Limit on the total size.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// The path of an entry, whether it exists or not.
    pub fn path_of(&self, kind: EntryKind, key: &Key) -> PathBuf {
        self.folder(kind).join(format!("{key}.{EXTENSION}"))
    }

    /// The entry with this `key`, verified completely, and marked as used now. `None` where there is none, or it is not
    /// valid: then it is to be recreated and replaced by [`EncodingStore::put`].
    pub fn get(&self, kind: EntryKind, key: &Key) -> Option<MappedEntry> {
        let path = self.path_of(kind, key);
        let entry = match MappedEntry::open(&path, kind, key) {
            Ok(entry) => entry?,
            Err(why) => {
                tracing::warn!(why, path = %path.display(), "a cached encoding cannot be used");
                return None;
            }
        };
        entry.touch(TOUCH_AFTER);
        self.mark(path);
        Some(entry)
    }

    /// Stores an entry, replacing any file of its name. Evicts the least recently used entries where the limit requires it.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; an existing file is then unchanged.
    pub fn put(&self, kind: EntryKind, key: &Key, entry: &Entry<'_>) -> Result<Put, StoreError> {
        let file = format::encode(kind, key, entry);
        let bytes = file.len_bytes();
        let path = self.path_of(kind, key);
        if !self.make_room(bytes, &path)? {
            return Ok(Put::NoRoom);
        }
        folder::create_folder(&self.folder(kind))?;
        super::require_free(&path, bytes)?;
        // A folder of that name, which Recto never creates, would make every rename fail.
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            folder::remove_folder(&path)?;
        }
        atomic::write_parts(&path, &file.parts())?;
        self.mark(path);
        Ok(Put::Kept)
    }

    /// Ends a job: the entries it used may be evicted from now on.
    pub fn release(&self) {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn mark(&self, path: PathBuf) {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
    }

    fn is_in_use(&self, path: &std::path::Path) -> bool {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    fn folder(&self, kind: EntryKind) -> PathBuf {
        kind.folder().path(&self.directories)
    }

    fn folders(&self) -> [PathBuf; 3] {
        [StoreFolder::Encodings, StoreFolder::Vision, StoreFolder::Pages].map(|folder| folder.path(&self.directories))
    }
}

/// The limit in the environment; an invalid number counts as unset.
fn limit_of_environment() -> Option<u64> {
    let gigabytes: f64 = std::env::var(LIMIT_VARIABLE).ok()?.trim().parse().ok()?;
    (gigabytes >= 0.0).then_some((gigabytes * 1e9) as u64)
}
