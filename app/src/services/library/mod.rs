//! The library service: reports, conversations and settings kept on disk, and searching in them.

mod api;
mod scan;
mod thread;

pub use api::{
    Export, FileStatus, HitLocation, LibraryCommand, LibraryEvent, LibraryHit, LibraryService, ReportStatus,
};
pub use thread::LibraryThread;
