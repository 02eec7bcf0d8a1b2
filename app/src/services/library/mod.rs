//! The library service: stores reports, conversations and settings on disk, and searches them.

mod api;
mod scan;
mod thread;

pub use api::{
    Export, FileStatus, HitLocation, LibraryCommand, LibraryEvent, LibraryHit, LibraryService, ReportStatus, StoredItem,
};
pub use thread::{LibraryThread, MergeSessions, StoredFormats};
