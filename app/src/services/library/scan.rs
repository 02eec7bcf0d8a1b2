//! Idle work of the library: searching text and checking the files of reports, one report at a time, so that writes never
//! wait long.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use engine::document::file_hash;
use engine::store::encodings::EncodingStore;
use engine::store::library::{Library, find_words};
use engine::store::{Directories, StoreError};

use crate::services::library::{FileStatus, HitLocation, LibraryEvent, LibraryHit, ReportStatus};

/// Length and modification time of a file when it was hashed.
type FileStamp = (u64, Option<SystemTime>);

/// Pending searches and file checks.
pub(crate) struct LibraryScan {
    library: Library,
    directories: Directories,
    /// Splits a stored conversation into its questions with their answers.
    conversation_texts: fn(&[u8]) -> Vec<String>,
    /// Hashes of files checked before.
    hashes: HashMap<PathBuf, (FileStamp, String)>,
    /// The search words, and the reports still to be searched.
    search: Option<(String, VecDeque<String>)>,
    /// Reports whose files are still to be checked.
    files: VecDeque<(String, PathBuf)>,
    /// Cached bytes per report.
    cached_bytes: BTreeMap<String, u64>,
}

impl LibraryScan {
    /// A scan with nothing pending.
    pub(crate) fn new(directories: Directories, conversation_texts: fn(&[u8]) -> Vec<String>) -> Self {
        Self {
            library: Library::new(&directories),
            directories,
            conversation_texts,
            hashes: HashMap::new(),
            search: None,
            files: VecDeque::new(),
            cached_bytes: BTreeMap::new(),
        }
    }

    /// Whether nothing is pending.
    pub(crate) fn is_done(&self) -> bool {
        self.search.is_none() && self.files.is_empty()
    }

    /// Starts a search in these reports, replacing the previous one.
    pub(crate) fn search(&mut self, query: String, reports: Vec<String>) {
        self.search = Some((query, reports.into()));
    }

    /// Starts checking the files of these reports.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] if the cache cannot be listed; the files are checked all the same.
    pub(crate) fn check_files(&mut self, reports: Vec<(String, PathBuf)>) -> Result<(), StoreError> {
        self.files = reports.into();
        self.cached_bytes.clear();
        let entries = EncodingStore::new(&self.directories, None).list()?;
        for file in entries.files {
            *self.cached_bytes.entry(file.about.document_hash).or_default() += file.bytes;
        }
        Ok(())
    }

    /// Drops a removed report from pending work.
    pub(crate) fn forget(&mut self, hash: &str) {
        self.files.retain(|(other, _)| other != hash);
        if let Some((_, reports)) = &mut self.search {
            reports.retain(|other| other != hash);
        }
    }

    /// Handles one more report and returns the events. Searches go first, since the user waits for them.
    pub(crate) fn step(&mut self) -> Vec<LibraryEvent> {
        if let Some((query, reports)) = &mut self.search {
            let query = query.clone();
            let Some(hash) = reports.pop_front() else {
                self.search = None;
                return vec![LibraryEvent::Found { query, hits: Vec::new(), is_last: true }];
            };
            let hits = self.search_report(&query, &hash);
            return if hits.is_empty() {
                Vec::new()
            } else {
                vec![LibraryEvent::Found { query, hits, is_last: false }]
            };
        }
        let Some((hash, path)) = self.files.pop_front() else { return Vec::new() };
        let file = self.file_status(&path, &hash);
        let kept_bytes = self.cached_bytes.get(&hash).copied().unwrap_or(0);
        vec![LibraryEvent::Statuses(vec![ReportStatus { hash, file, kept_bytes }])]
    }

    fn search_report(&self, query: &str, hash: &str) -> Vec<LibraryHit> {
        let hit = |place, passage| LibraryHit { hash: hash.to_owned(), place, passage };
        let conversation = self.library.conversation(hash).ok().flatten();
        let turns = conversation.as_deref().map(self.conversation_texts).unwrap_or_default();
        let in_turns = turns.iter().enumerate();
        let mut hits: Vec<LibraryHit> =
            in_turns.filter_map(|(at, text)| Some(hit(HitLocation::Turn(at), find_words(text, query)?))).collect();
        let pages = self.library.text(hash).unwrap_or_default().pages;
        let in_pages = pages.iter();
        hits.extend(
            in_pages.filter_map(|page| Some(hit(HitLocation::Page(page.number), find_words(&page.text, query)?))),
        );
        hits
    }

    fn file_status(&mut self, path: &Path, hash: &str) -> FileStatus {
        let Ok(about) = path.metadata() else { return FileStatus::Gone };
        let stamp = (about.len(), about.modified().ok());
        let known = self.hashes.get(path).filter(|(before, _)| *before == stamp).map(|(_, hash)| hash.clone());
        let found = known.or_else(|| file_hash(path).ok());
        let Some(found) = found else { return FileStatus::Gone };
        let status = if found == hash { FileStatus::Here } else { FileStatus::Changed };
        self.hashes.insert(path.to_owned(), (stamp, found));
        status
    }
}
