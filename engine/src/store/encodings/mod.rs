//! Encodings kept on disk, so that a report is read once: a file per window, one per picture that was looked at, and one
//! for the pages of a document.
//!
//! A file is found by its [`Key`], a hash over all that its content depends on; there is no index that could disagree with
//! the folder. Files (`format.rs`) are written whole or not at all, and checked whole whenever they are read, so what is
//! damaged, foreign or from another version is as good as absent. Nothing here knows tensors or tokens: states are bytes
//! of bf16 numbers, and what belongs to them is bytes that the caller understands.

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

/// Bytes that encodings take at most where nothing else is said: 4 GiB, about three million tokens of the smallest model.
pub const DEFAULT_LIMIT_BYTES: u64 = 4 << 30;

/// The environment variable that sets the limit, in gigabytes (10⁹ bytes); 0 keeps nothing.
const LIMIT_VARIABLE: &str = "RECTO_CACHE_GB";

/// Extension of the files.
const EXTENSION: &str = "enc";

/// How much older than now a file's time of use must be before it is set again.
const TOUCH_AFTER: Duration = Duration::from_secs(2);

/// What became of something that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is on disk.
    Kept,
    /// It would not fit below the limit together with what is in use.
    NoRoom,
}

/// The encodings kept for one user. Several processes may have one at once.
#[derive(Debug)]
pub struct EncodingStore {
    directories: Directories,
    limit_bytes: u64,
    /// Files that were read or written since the last [`EncodingStore::release`]: they are not given up for others.
    in_use: Mutex<BTreeSet<PathBuf>>,
}

impl EncodingStore {
    /// The encodings below these directories; nothing is made on disk before something is kept. `limit_bytes` bounds what
    /// they take; where it is `None`, the environment variable `RECTO_CACHE_GB`, else [`DEFAULT_LIMIT_BYTES`].
    pub fn new(directories: &Directories, limit_bytes: Option<u64>) -> Self {
        let limit_bytes = limit_bytes.or_else(limit_of_environment).unwrap_or(DEFAULT_LIMIT_BYTES);
        Self { directories: directories.clone(), limit_bytes, in_use: Mutex::default() }
    }

    /// Bytes that all files together may take.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Where an entry lies, whether it is there or not.
    pub fn path_of(&self, kind: EntryKind, key: &Key) -> PathBuf {
        self.folder(kind).join(format!("{key}.{EXTENSION}"))
    }

    /// The entry kept under `key`, checked whole, and marked as used now. `None` where there is none, or none that is
    /// sound: then it is to be made again, and [`EncodingStore::put`] takes its place.
    pub fn get(&self, kind: EntryKind, key: &Key) -> Option<MappedEntry> {
        let path = self.path_of(kind, key);
        let entry = match MappedEntry::open(&path, kind, key) {
            Ok(entry) => entry?,
            Err(why) => {
                tracing::warn!(why, path = %path.display(), "a kept encoding is not used");
                return None;
            }
        };
        entry.touch(TOUCH_AFTER);
        self.mark(path);
        Some(entry)
    }

    /// Keeps an entry, in place of whatever file has its name. Where the limit asks for it, what was used longest ago goes.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; then what was there before is untouched.
    pub fn put(&self, kind: EntryKind, key: &Key, entry: &Entry<'_>) -> Result<Put, StoreError> {
        let file = format::encode(kind, key, entry);
        let bytes = file.len_bytes();
        let path = self.path_of(kind, key);
        if !self.make_room(bytes, &path)? {
            return Ok(Put::NoRoom);
        }
        folder::create_folder(&self.folder(kind))?;
        super::require_free(&path, bytes)?;
        // A folder in the file's place, which nobody but a stranger put there, would make every rename fail.
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            folder::remove_folder(&path)?;
        }
        atomic::write_parts(&path, &file.parts())?;
        self.mark(path);
        Ok(Put::Kept)
    }

    /// Ends a piece of work: what it used may be given up for others from now on.
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

/// The limit that the user set; what is no number counts as unset.
fn limit_of_environment() -> Option<u64> {
    let gigabytes: f64 = std::env::var(LIMIT_VARIABLE).ok()?.trim().parse().ok()?;
    (gigabytes >= 0.0).then_some((gigabytes * 1e9) as u64)
}
