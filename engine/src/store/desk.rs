//! What a window remembers from one start to the next: one file, of whose content nothing is known here.

#![expect(clippy::disallowed_methods, reason = "the store is where Recto writes")]

use std::io::ErrorKind;
use std::path::PathBuf;

use super::{Bucket, Directories, StoreError, atomic};

/// The file's name.
const NAME: &str = "desk.json";

/// What a file that could not be understood is called from then on.
const DAMAGED: &str = "desk.damaged.json";

/// The file that holds it.
#[derive(Clone, Debug)]
pub struct DeskFile {
    folder: PathBuf,
}

impl DeskFile {
    /// The user's, under these directories.
    pub fn new(directories: &Directories) -> Self {
        Self { folder: Bucket::Desk.path(directories) }
    }

    /// What was written last; `None` where nothing was.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] where a file is there and cannot be read.
    pub fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(NAME);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::read(&path)(error)),
        }
    }

    /// Puts something in its place, whole or not at all.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`]; what was written before is still there then.
    pub fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        std::fs::create_dir_all(&self.folder).map_err(StoreError::write(&self.folder))?;
        atomic::write_file(&self.folder.join(NAME), bytes)
    }

    /// Puts what cannot be understood aside, so that it is not written over.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] where it cannot be renamed.
    pub fn set_aside(&self) -> Result<(), StoreError> {
        let path = self.folder.join(NAME);
        std::fs::rename(&path, self.folder.join(DAMAGED)).map_err(StoreError::write(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_last_is_read_and_what_is_damaged_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let desk = DeskFile::new(&Directories::under(home.path()));
        assert_eq!(desk.read().unwrap(), None);
        desk.write(b"first").unwrap();
        desk.write(b"second").unwrap();
        assert_eq!(desk.read().unwrap().as_deref(), Some(b"second".as_slice()));
        desk.set_aside().unwrap();
        assert_eq!(desk.read().unwrap(), None);
        assert_eq!(std::fs::read(desk.folder.join(DAMAGED)).unwrap(), b"second");
    }
}
