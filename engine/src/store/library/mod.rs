//! The user's library: the saved session, the settings, and the conversation and text of each report.
//!
//! A report is identified by the hash of its content, never by a path. What the window writes is stored as opaque bytes.

mod search;
mod text;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use search::{Passage, find_words};
pub use text::{KeptText, TextPage};

use super::encodings::EncodingStore;
use super::{Directories, FileLock, StoreError, StoreFolder, atomic, folder};
use crate::regular_file;

/// File name of a report's conversation.
const CONVERSATION: &str = "conversation.json";

/// The longest text that is read has 64 megabytes.
const MAX_RECORD_BYTES: u64 = 512 << 20;

/// Copies of damaged files that are kept at most, of each file.
const MOST_DAMAGED: usize = 20;

/// Records for all reports together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// The list of reports, and the saved session.
    Desk,
    /// The user's settings.
    Settings,
}

impl Record {
    fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk.json",
            Self::Settings => "settings.json",
        }
    }
}

/// The library of one user. Several processes may use it at once: every file is written atomically.
#[derive(Clone, Debug)]
pub struct Library {
    directories: Directories,
    folder: PathBuf,
}

impl Library {
    /// The library under these directories; nothing is created before something is stored.
    pub fn new(directories: &Directories) -> Self {
        Self { directories: directories.clone(), folder: StoreFolder::Library.path(directories) }
    }

    /// Reads a record; `None` where it does not exist.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where a file exists but cannot be read.
    pub fn record(&self, record: Record) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.folder.join(record.name()))
    }

    /// Writes a record, replacing the previous one.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; the previous one is then unchanged.
    pub fn keep_record(&self, record: Record, bytes: &[u8]) -> Result<(), StoreError> {
        folder::create_folder(&self.folder)?;
        atomic::write_file(&self.folder.join(record.name()), bytes)
    }

    /// Writes a record that several processes write to: `content` makes the new one from the present one, and no other
    /// process writes meanwhile.
    ///
    /// # Errors
    /// As for [`Library::record`] and [`Library::keep_record`]; the previous one is then unchanged.
    pub fn update_record(
        &self,
        record: Record,
        content: impl FnOnce(Option<&[u8]>) -> Vec<u8>,
    ) -> Result<(), StoreError> {
        folder::create_folder(&self.folder)?;
        // Saving goes on without the lock: a file system may have none, and a stopped process may hold it for ever.
        let lock = FileLock::of_folder(&self.folder);
        if let Err(error) = &lock {
            tracing::warn!(%error, "the library is saved without its lock");
        }
        let stored = self.record(record)?;
        self.keep_record(record, &content(stored.as_deref()))
    }

    /// Moves a record that cannot be parsed aside, so that it is not overwritten; returns where to.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] where it cannot be renamed, [`StoreError::Read`] where it cannot be read.
    pub fn set_aside(&self, record: Record) -> Result<PathBuf, StoreError> {
        let path = self.folder.join(record.name());
        let aside = damaged_name(&self.folder, record.name(), &self.record(record)?.unwrap_or_default())?;
        folder::publish(&path, &aside)?;
        Ok(aside)
    }

    /// Writes a copy of a record that can be parsed only in part; returns where to.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`], [`StoreError::DiskFull`] or [`StoreError::Read`].
    pub fn keep_damaged_record(&self, record: Record, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        keep_damaged(&self.folder, record.name(), bytes)
    }

    /// Writes a copy of a conversation that can be parsed only in part; returns where to.
    ///
    /// # Errors
    /// As for [`Library::keep_damaged_record`].
    pub fn keep_damaged_conversation(&self, hash: &str, bytes: &[u8]) -> Result<Option<PathBuf>, StoreError> {
        self.report(hash).map(|folder| keep_damaged(&folder, CONVERSATION, bytes)).transpose()
    }

    /// The conversation on the report with this hash; `None` where there is none.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where a file exists but cannot be read.
    pub fn conversation(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.report(hash).map_or(Ok(None), |folder| read(&folder.join(CONVERSATION)))
    }

    /// Writes a conversation, replacing the previous one.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; the previous one is then unchanged.
    pub fn keep_conversation(&self, hash: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(folder) = self.report(hash) else { return Ok(()) };
        folder::create_folder(&folder)?;
        atomic::write_file(&folder.join(CONVERSATION), bytes)
    }

    /// Removes everything derived from the report with this hash: conversation, text, pages, encodings. Entries that another
    /// process is reading stay for now.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`], [`StoreError::Read`] or [`StoreError::Busy`]; some of it may then be removed already.
    pub fn remove(&self, hash: &str) -> Result<(), StoreError> {
        let Some(folder) = self.report(hash) else { return Ok(()) };
        if folder.exists() {
            folder::remove_folder(&folder)?;
        }
        EncodingStore::new(&self.directories, None).remove_document(hash)?;
        Ok(())
    }

    /// The folder of a report; `None` where `hash` is not a hash, and so must not become part of a path.
    fn report(&self, hash: &str) -> Option<PathBuf> {
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| self.folder.join("reports").join(hash))
    }
}

fn keep_damaged(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    folder::create_folder(folder)?;
    let path = damaged_name(folder, name, bytes)?;
    atomic::write_file(&path, bytes)?;
    Ok(path)
}

/// Where damaged content is kept: under a name that is free, or holds the same content. The last name is used again.
fn damaged_name(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let mut path = folder.join(format!("damaged-{name}"));
    for number in 2..=MOST_DAMAGED {
        if read(&path)?.is_none_or(|present| present == bytes) {
            break;
        }
        path = folder.join(format!("damaged-{number}-{name}"));
    }
    Ok(path)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match regular_file::read(path, MAX_RECORD_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::read(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "6d16a5cbb8a85f2d84a3f2a39a3ab8c7f3ed5a1ee3ef0c1b36d4dfc1a4b1c001";

    #[test]
    fn what_was_written_last_is_read_and_what_is_damaged_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::new(&Directories::under(home.path()));
        assert_eq!(library.record(Record::Desk).unwrap(), None);
        library.keep_record(Record::Desk, b"first").unwrap();
        library.keep_record(Record::Desk, b"second").unwrap();
        library.keep_record(Record::Settings, b"third").unwrap();
        assert_eq!(library.record(Record::Desk).unwrap().as_deref(), Some(b"second".as_slice()));
        let aside = library.set_aside(Record::Desk).unwrap();
        assert_eq!(library.record(Record::Desk).unwrap(), None);
        assert_eq!(aside, library.folder.join("damaged-desk.json"));
        assert_eq!(std::fs::read(aside).unwrap(), b"second");
        // An earlier one is not replaced, nor kept twice.
        let names = ["damaged-2-desk.json", "damaged-2-desk.json", "damaged-desk.json", "damaged-3-desk.json"];
        for (bytes, name) in ["third", "third", "second", "fourth"].into_iter().zip(names) {
            let path = library.keep_damaged_record(Record::Desk, bytes.as_bytes()).unwrap();
            assert_eq!((path.as_path(), std::fs::read(&path).unwrap()), (&*library.folder.join(name), bytes.into()));
        }
        assert_eq!(library.record(Record::Settings).unwrap().as_deref(), Some(b"third".as_slice()));
    }

    #[test]
    fn a_report_that_is_removed_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::new(&Directories::under(home.path()));
        let other = HASH.replace('6', "7");
        for hash in [HASH, &other] {
            library.keep_conversation(hash, b"{}").unwrap();
            library.keep_text(hash, &KeptText::default()).unwrap();
        }
        library.remove(HASH).unwrap();
        assert_eq!(library.conversation(HASH).unwrap(), None);
        assert!(library.text(HASH).is_none());
        assert!(!library.report(HASH).unwrap().exists());
        assert_eq!(library.conversation(&other).unwrap().as_deref(), Some(b"{}".as_slice()));
        library.remove(HASH).unwrap();
    }

    #[test]
    fn what_is_no_hash_never_becomes_a_path() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::new(&Directories::under(home.path()));
        for hash in ["", "..", "../../etc", &"g".repeat(64), &HASH[1..]] {
            library.keep_conversation(hash, b"{}").unwrap();
            assert_eq!(library.conversation(hash).unwrap(), None, "{hash}");
            library.remove(hash).unwrap();
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
