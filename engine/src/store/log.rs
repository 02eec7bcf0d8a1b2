//! The application's log file.

use std::fs::File;
use std::path::PathBuf;

use super::{Directories, StoreError, StoreFolder, access, folder};
use crate::regular_file;

/// A longer log is moved aside at the next start; one old log is kept.
const LONGEST: u64 = 1 << 20;

/// Opens the log for appending, and returns its path.
///
/// # Errors
/// Returns [`StoreError::Write`] where it cannot be written.
pub fn log_file(directories: &Directories) -> Result<(PathBuf, File), StoreError> {
    let parent = StoreFolder::Log.path(directories);
    folder::create_folder(&parent)?;
    let path = parent.join("recto.log");
    if path.metadata().is_ok_and(|about| about.len() >= LONGEST) {
        folder::publish(&path, &parent.join("recto.old.log"))?;
    }
    let mut options = access::private_file();
    let file = regular_file::open_with(options.append(true), &path).map_err(StoreError::write(&path))?;
    // A file of another user stays as it is.
    let _ = access::close_file(&file);
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_is_added_to_until_it_is_long() {
        let home = tempfile::tempdir().unwrap();
        let directories = Directories::under(home.path());
        log_file(&directories).unwrap().1.write_all(b"first\n").unwrap();
        let (path, mut file) = log_file(&directories).unwrap();
        file.write_all(&vec![b'x'; LONGEST as usize]).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"first\n"));
        let (path, _) = log_file(&directories).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert!(path.with_file_name("recto.old.log").exists());
    }
}
