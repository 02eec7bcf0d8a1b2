//! What the library does while nothing else is to be done: it looks for words, and after the files of reports, one report
//! at a time, so that nothing that is to be written waits long.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use engine::document::file_hash;
use engine::store::encodings::EncodingStore;
use engine::store::library::{Library, find_words};
use engine::store::{Directories, StoreError};

use crate::services::library::{FileStatus, HitLocation, LibraryEvent, LibraryHit, ReportStatus};

/// A file as it was when its hash was taken.
type Seen = (u64, Option<SystemTime>);

/// What is still to be looked at.
pub(crate) struct LibraryScan {
    library: Library,
    directories: Directories,
    /// Splits a stored conversation into its questions with their answers.
    conversation_texts: fn(&[u8]) -> Vec<String>,
    /// Hashes of files that were looked at.
    known: HashMap<PathBuf, (Seen, String)>,
    /// What is looked for, and in which reports still.
    search: Option<(String, VecDeque<String>)>,
    /// Reports whose files are to be looked after.
    files: VecDeque<(String, PathBuf)>,
    /// Bytes that are kept of reports.
    kept_bytes: BTreeMap<String, u64>,
}

impl LibraryScan {
    /// Nothing to look at yet.
    pub(crate) fn new(directories: Directories, conversation_texts: fn(&[u8]) -> Vec<String>) -> Self {
        Self {
            library: Library::new(&directories),
            directories,
            conversation_texts,
            known: HashMap::new(),
            search: None,
            files: VecDeque::new(),
            kept_bytes: BTreeMap::new(),
        }
    }

    /// Whether nothing is left to look at.
    pub(crate) fn is_done(&self) -> bool {
        self.search.is_none() && self.files.is_empty()
    }

    /// Looks for words in these reports from now on, and no longer for others.
    pub(crate) fn search(&mut self, query: String, reports: Vec<String>) {
        self.search = Some((query, reports.into()));
    }

    /// Looks after the files of these reports.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where what is kept cannot be listed; the files are looked after all the same.
    pub(crate) fn look(&mut self, reports: Vec<(String, PathBuf)>) -> Result<(), StoreError> {
        self.files = reports.into();
        self.kept_bytes.clear();
        let kept = EncodingStore::new(&self.directories, None).list()?;
        for file in kept.files {
            *self.kept_bytes.entry(file.about.document_hash).or_default() += file.bytes;
        }
        Ok(())
    }

    /// A report is removed: it is no longer looked at.
    pub(crate) fn forget(&mut self, hash: &str) {
        self.files.retain(|(other, _)| other != hash);
        if let Some((_, reports)) = &mut self.search {
            reports.retain(|other| other != hash);
        }
    }

    /// Looks at one more report; what there is to tell. The search comes first, since somebody waits for it.
    pub(crate) fn go_on(&mut self) -> Vec<LibraryEvent> {
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
        let file = self.file_stands(&path, &hash);
        let kept_bytes = self.kept_bytes.get(&hash).copied().unwrap_or(0);
        vec![LibraryEvent::Stands(vec![ReportStatus { hash, file, kept_bytes }])]
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

    fn file_stands(&mut self, path: &Path, hash: &str) -> FileStatus {
        let Ok(about) = path.metadata() else { return FileStatus::Gone };
        let seen = (about.len(), about.modified().ok());
        let known = self.known.get(path).filter(|(before, _)| *before == seen).map(|(_, hash)| hash.clone());
        let found = known.or_else(|| file_hash(path).ok());
        let Some(found) = found else { return FileStatus::Gone };
        let stands = if found == hash { FileStatus::Here } else { FileStatus::Changed };
        self.known.insert(path.to_owned(), (seen, found));
        stands
    }
}
