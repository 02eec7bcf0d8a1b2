//! The interface between the window and the library service: commands in, events out, never blocking.

use std::path::PathBuf;

use engine::protocol::ErrorReport;
use engine::store::library::{Passage, Record};

/// Commands to the library service.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryCommand {
    /// Save a record, replacing the previous one.
    Save(Record, Vec<u8>),
    /// Save a conversation, replacing the previous one.
    SaveConversation {
        /// Hash of the report.
        hash: String,
        /// The conversation.
        bytes: Vec<u8>,
    },
    /// Save a copy of something stored that could not be understood completely, beside it.
    SetAside {
        /// What it is.
        item: StoredItem,
        /// Its content.
        bytes: Vec<u8>,
        /// What to tell the user; nothing where nothing is missing.
        message: Option<String>,
    },
    /// Load the conversation on a report.
    OpenConversation(String),
    /// Search these reports and their conversations, in this order; replaces the previous search.
    Search {
        /// The words.
        query: String,
        /// Hashes of the reports.
        reports: Vec<String>,
    },
    /// Check the files of these reports, given as hash and path.
    CheckFiles(Vec<(String, PathBuf)>),
    /// Remove everything derived from a report. The file itself is not touched.
    Remove(String),
    /// Write an exported conversation.
    Export(Export),
}

/// Something stored in the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredItem {
    /// A record.
    Record(Record),
    /// The conversation on the report with this hash.
    Conversation(String),
}

/// Events of the library service.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryEvent {
    /// The conversation on a report, if there is one.
    Conversation {
        /// Hash of the report.
        hash: String,
        /// The conversation.
        bytes: Option<Vec<u8>>,
    },
    /// Search hits in one report.
    Found {
        /// The search words.
        query: String,
        /// The hits.
        hits: Vec<LibraryHit>,
        /// Whether the search is complete.
        is_last: bool,
    },
    /// The status of reports.
    Statuses(Vec<ReportStatus>),
    /// A conversation was written.
    Exported(PathBuf),
    /// A command failed.
    Failed(ErrorReport),
}

/// A file to export. An existing file is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Path of the file.
    pub path: PathBuf,
    /// Content of the file.
    pub text: String,
}

/// A search hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryHit {
    /// Hash of the report.
    pub hash: String,
    /// Location in the report.
    pub place: HitLocation,
    /// The matching words in context.
    pub passage: Passage,
}

/// Location of a search hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitLocation {
    /// On this page, counted from 1.
    Page(u32),
    /// In this question or its answer, counted from 0.
    Turn(usize),
}

/// Status of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportStatus {
    /// Hash of the report.
    pub hash: String,
    /// Status of its file.
    pub file: FileStatus,
    /// Bytes of its encodings and index on disk.
    pub kept_bytes: u64,
}

/// Status of the file of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// Present with the same content.
    Here,
    /// Present with different content.
    Changed,
    /// Missing.
    Gone,
}

/// Implemented by the library thread, and by a script in tests. Only [`LibraryService::load`] blocks on the disk, at start-up.
pub trait LibraryService {
    /// Loads the last saved version of a record.
    fn load(&mut self, record: Record) -> Option<Vec<u8>>;

    /// Sends a command.
    fn send(&mut self, command: LibraryCommand);

    /// The next event, if any.
    fn try_recv(&mut self) -> Option<LibraryEvent>;
}
