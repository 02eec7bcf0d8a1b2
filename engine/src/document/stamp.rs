//! Whether a file is still the one that was opened. A report is known by the hash of its bytes, and its pages are read later
//! than they are hashed: what was read in between from other bytes must not be kept under that hash.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use super::error::DocumentError;
use super::open::file_hash;

/// What changes with the content of a file, or with the file behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Device and inode, where they count. Windows does not tell them; there length and time must do.
    place: Option<(u64, u64)>,
}

impl FileStamp {
    /// The stamp of a file, best taken from its open handle.
    pub(super) fn new(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok(), place: Some(place(metadata)) }
    }

    /// Makes sure that `path` still names the file with this stamp, whose content has this hash.
    pub(super) fn check(&mut self, path: &Path, hash: &str) -> Result<(), DocumentError> {
        let changed = || DocumentError::Changed { path: path.to_path_buf() };
        let now = Self::new(&path.metadata().map_err(|_| changed())?);
        if (now.bytes, now.modified) != (self.bytes, self.modified) {
            return Err(changed());
        }
        if self.place.is_some() && now.place != self.place {
            // Another file, or a file system that numbers its files anew: their content decides, once.
            if file_hash(path)? != hash {
                return Err(changed());
            }
            self.place = None;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn place(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
