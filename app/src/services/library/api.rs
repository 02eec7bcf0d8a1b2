//! The seam between the window and whoever keeps its library: commands go one way, events come the other, nobody waits.

use std::path::PathBuf;

use engine::protocol::ErrorReport;
use engine::store::library::{Passage, Record};

/// What the library is told.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryCommand {
    /// Put a record in the place of the one before.
    Keep(Record, Vec<u8>),
    /// Put a conversation in the place of the one before.
    KeepConversation {
        /// The report.
        hash: String,
        /// The conversation.
        bytes: Vec<u8>,
    },
    /// Tell the conversation on a report.
    OpenConversation(String),
    /// Look for words in these reports and their conversations, in this order; what was looked for before is forgotten.
    Search {
        /// The words.
        query: String,
        /// Hashes of the reports.
        reports: Vec<String>,
    },
    /// Tell how things stand with these reports: their hashes, and where they lay.
    Look(Vec<(String, PathBuf)>),
    /// Remove everything that was made from a report. The report itself stays.
    Remove(String),
    /// Write a conversation where the user wants it.
    Export(Export),
}

/// What the library tells.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryEvent {
    /// The conversation on a report; `None` where there is none.
    Conversation {
        /// The report.
        hash: String,
        /// The conversation.
        bytes: Option<Vec<u8>>,
    },
    /// Words were found in a report.
    Found {
        /// What is looked for.
        query: String,
        /// Where.
        hits: Vec<LibraryHit>,
        /// Whether all reports were looked through.
        is_last: bool,
    },
    /// How things stand with the reports that were asked about.
    Stands(Vec<ReportStatus>),
    /// A conversation was written.
    Exported(PathBuf),
    /// Something was not done.
    Failed(ErrorReport),
}

/// A file the user asked for, written where they want it. What was there before is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Where it is written.
    pub path: PathBuf,
    /// What is written.
    pub text: String,
}

/// A place where words were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryHit {
    /// The report.
    pub hash: String,
    /// Where in it.
    pub place: HitLocation,
    /// The words among others.
    pub passage: Passage,
}

/// Where in a report words were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitLocation {
    /// On this page, counted from 1.
    Page(u32),
    /// In this question or its answer, counted from 0.
    Turn(usize),
}

/// How things stand with a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportStatus {
    /// The report.
    pub hash: String,
    /// Its file.
    pub file: FileStatus,
    /// Bytes that are kept of it on disk: what was encoded, and what it takes to be found again.
    pub kept_bytes: u64,
}

/// How things stand with a report's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// It is where it was, with the same content.
    Here,
    /// Another content is there now.
    Changed,
    /// It is not there.
    Gone,
}

/// Whoever keeps the library. Nothing but [`LibraryService::load`] waits for a disk, and that only at the start.
pub trait LibraryService {
    /// A record as it was kept last.
    fn load(&mut self, record: Record) -> Option<Vec<u8>>;

    /// Hands over a command.
    fn send(&mut self, command: LibraryCommand);

    /// The next event that has come.
    fn try_recv(&mut self) -> Option<LibraryEvent>;
}
