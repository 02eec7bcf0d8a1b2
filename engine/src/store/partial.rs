//! Resumable downloads: files of full length, each with a journal of the pieces that are complete.
//!
//! A piece with a line in the journal is on the disk; one without is downloaded again.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::directories::Directories;
use super::error::StoreError;
use super::folder::{create_folder, publish, remove_folder, sweep};
use super::lock::FileLock;
use super::resumable::{PARTIAL, is_stale};
use super::store_folder::StoreFolder;
use crate::regular_file;

/// Suffix of an incomplete file.
const PART: &str = ".part";
const JOURNAL: &str = ".journal";
const FORMAT: u32 = 1;
/// A journal line has a few digits; a terabyte in pieces of a megabyte has a million of them.
const MAX_JOURNAL_BYTES: u64 = 16 << 20;

/// A download of several files, some of which may be complete already.
#[derive(Debug)]
pub struct PartialDownload {
    folder: PathBuf,
    _lock: FileLock,
}

/// What is known of a file before it is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its length.
    pub bytes: u64,
    /// Its hash, of any kind.
    pub digest: String,
    /// Size of its pieces; the last one may be shorter.
    pub piece_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct JournalHead {
    format: u32,
    #[serde(flatten)]
    wanted: Wanted,
    /// The ETag of the file.
    tag: Option<String>,
}

/// A file being downloaded.
#[derive(Debug)]
pub struct PartialFile {
    wanted: Wanted,
    tag: Option<String>,
    done: Vec<bool>,
    file: File,
    journal: File,
    path: PathBuf,
    place: PathBuf,
}

impl PartialDownload {
    /// Resumes the download named by `key`, or starts it. Removes downloads of `family` with other keys, stale ones, and
    /// what killed processes have left behind.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] while another process downloads, [`StoreError::Write`] when it cannot be written.
    pub fn open(directories: &Directories, family: &str, key: &str) -> Result<Self, StoreError> {
        let downloads = StoreFolder::Downloads.path(directories);
        let lock = FileLock::of_folder(&downloads)?;
        let own = format!("{family}@{key}{PARTIAL}");
        sweep(&downloads, |name| {
            name != own && (name.starts_with(&format!("{family}@")) || is_stale(&downloads, name))
        })?;
        let folder = downloads.join(own);
        create_folder(&folder)?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Disk space that its files already take.
    pub fn occupied_bytes(&self) -> u64 {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return 0 };
        entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| on_disk(&metadata)).sum()
    }

    /// Whether a file is complete and verified.
    pub fn has(&self, name: &str, bytes: u64) -> bool {
        self.folder.join(name).metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes)
    }

    /// Resumes a file, or starts it; disk space for all of it is reserved at once.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`].
    pub fn begin(&self, name: &str, wanted: Wanted) -> Result<PartialFile, StoreError> {
        let path = self.folder.join(format!("{name}{PART}"));
        let journal_path = self.folder.join(format!("{name}{JOURNAL}"));
        let open = |path: &Path| {
            let mut options = File::options();
            options.create(true).truncate(false).read(true).write(true);
            regular_file::open_with(&mut options, path).map_err(StoreError::write(path))
        };
        let (file, mut journal) = (open(&path)?, open(&journal_path)?);
        let is_long = file.metadata().is_ok_and(|metadata| metadata.len() == wanted.bytes);
        let kept = if is_long { read_journal(&mut journal, &wanted) } else { None };
        let place = self.folder.join(name);
        let num_pieces = wanted.num_pieces();
        let (tag, done, is_new) = match kept {
            Some((tag, done)) => (tag, done, false),
            None => (None, vec![false; num_pieces], true),
        };
        let mut partial = PartialFile { wanted, tag, done, file, journal, path, place };
        if is_new {
            partial.restart(None)?;
        }
        Ok(partial)
    }

    /// Removes a complete file that failed verification.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be removed.
    pub fn discard_file(&self, name: &str) -> Result<(), StoreError> {
        for ending in ["", PART, JOURNAL] {
            let path = self.folder.join(format!("{name}{ending}"));
            if path.exists() {
                remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Removes the whole download.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be removed.
    pub fn discard(self) -> Result<(), StoreError> {
        remove_folder(&self.folder)
    }
}

impl Wanted {
    /// Number of pieces; an empty file has none.
    pub fn num_pieces(&self) -> usize {
        self.bytes.div_ceil(self.piece_bytes.max(1)) as usize
    }

    /// Start and end of a piece.
    pub fn piece(&self, index: usize) -> (u64, u64) {
        let start = index as u64 * self.piece_bytes;
        (start, start.saturating_add(self.piece_bytes).min(self.bytes))
    }
}

impl PartialFile {
    /// The expected file.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Its path until it is verified.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ETag of the file that the pieces belong to.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether a piece is complete.
    pub fn has_piece(&self, index: usize) -> bool {
        self.done.get(index).copied().unwrap_or(false)
    }

    /// Bytes of all complete pieces.
    pub fn done_bytes(&self) -> u64 {
        let pieces = self.done.iter().enumerate().filter(|(_, done)| **done);
        pieces.map(|(index, _)| self.wanted.piece(index)).map(|(start, end)| end - start).sum()
    }

    /// Discards all pieces; new ones belong to the file with the ETag `tag`.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`].
    pub fn restart(&mut self, tag: Option<&str>) -> Result<(), StoreError> {
        let write = || StoreError::write(&self.path);
        self.journal.set_len(0).map_err(write())?;
        self.file.set_len(self.wanted.bytes).map_err(write())?;
        reserve(&self.file, self.wanted.bytes).map_err(write())?;
        self.done.fill(false);
        self.tag = tag.map(ToOwned::to_owned);
        let head = JournalHead { format: FORMAT, wanted: self.wanted.clone(), tag: self.tag.clone() };
        let line = serde_json::to_string(&head)
            .map_err(|error| StoreError::Write { path: self.path.clone(), source: std::io::Error::other(error) })?;
        self.note(&line)
    }

    /// Writes bytes at an offset.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`].
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.write_all(bytes));
        written.map_err(StoreError::write(&self.path))
    }

    /// Records a piece as complete, after its bytes are on the disk.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] or [`StoreError::DiskFull`].
    pub fn finish_piece(&mut self, index: usize) -> Result<(), StoreError> {
        self.file.sync_data().map_err(StoreError::write(&self.path))?;
        if let Some(done) = self.done.get_mut(index) {
            *done = true;
        }
        self.note(&index.to_string())
    }

    /// Renames the complete, verified file to its final name.
    ///
    /// # Errors
    /// Returns [`StoreError::Write`] when it cannot be renamed.
    pub fn finish(self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(StoreError::write(&self.path))?;
        let Self { file, journal, path, place, .. } = self;
        // Open files cannot be renamed everywhere.
        drop((file, journal));
        publish(&path, &place)?;
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let journal = place.with_file_name(format!("{name}{JOURNAL}"));
        remove_file(&journal)
    }

    fn note(&mut self, line: &str) -> Result<(), StoreError> {
        let written = self.journal.seek(SeekFrom::End(0)).and_then(|_| writeln!(self.journal, "{line}"));
        written.and_then(|()| self.journal.sync_data()).map_err(StoreError::write(&self.path))
    }
}

/// The ETag and the complete pieces in a journal, provided it belongs to the wanted file. An incomplete last line is ignored.
fn read_journal(journal: &mut File, wanted: &Wanted) -> Option<(Option<String>, Vec<bool>)> {
    let mut text = String::new();
    journal.take(MAX_JOURNAL_BYTES).read_to_string(&mut text).ok()?;
    let (whole, _) = text.rsplit_once('\n')?;
    let mut lines = whole.lines();
    let head: JournalHead = serde_json::from_str(lines.next()?).ok()?;
    if head.format != FORMAT || head.wanted != *wanted {
        return None;
    }
    let mut done = vec![false; wanted.num_pieces()];
    for index in lines.filter_map(|line| line.parse::<usize>().ok()) {
        *done.get_mut(index)? = true;
    }
    Some((head.tag, done))
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    #[expect(clippy::disallowed_methods, reason = "the store removes its own files")]
    std::fs::remove_file(path).map_err(StoreError::write(path))
}

/// Reserves disk space for a file where the file system supports it, so that a full disk shows at the start.
#[cfg(target_os = "linux")]
fn reserve(file: &File, bytes: u64) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    if bytes == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_file: &File, _bytes: u64) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn on_disk(metadata: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
fn on_disk(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::atomic::write_file;

    fn wanted() -> Wanted {
        Wanted { bytes: 10, digest: "d".to_owned(), piece_bytes: 4 }
    }

    #[test]
    fn what_the_journal_says_is_there_after_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories::under(root.path());
        let open = || PartialDownload::open(&directories, "model", "c1").unwrap();
        let download = open();
        assert!(matches!(PartialDownload::open(&directories, "other", "c"), Err(StoreError::Busy { .. })));
        let mut file = download.begin("w", wanted()).unwrap();
        file.restart(Some("\"tag\"")).unwrap();
        file.write_at(4, b"4567").unwrap();
        file.finish_piece(1).unwrap();
        file.write_at(0, b"01").unwrap();
        // A line that was cut short by a kill.
        let journal = download.folder().join("w.journal");
        let mut text = std::fs::read(&journal).unwrap();
        text.extend_from_slice(b"2");
        write_file(&journal, &text).unwrap();
        drop((file, download));

        let download = open();
        let mut file = download.begin("w", wanted()).unwrap();
        assert_eq!((file.tag(), file.done_bytes()), (Some("\"tag\""), 4));
        assert_eq!([0, 1, 2].map(|index| file.has_piece(index)), [false, true, false]);
        file.write_at(0, b"0123").unwrap();
        file.finish_piece(0).unwrap();
        file.write_at(8, b"89").unwrap();
        file.finish_piece(2).unwrap();
        assert!(!download.has("w", 10));
        file.finish().unwrap();
        assert!(download.has("w", 10) && !download.has("w", 9));
        assert_eq!(std::fs::read(download.folder().join("w")).unwrap(), b"0123456789");
        download.discard_file("w").unwrap();
        assert_eq!(std::fs::read_dir(download.folder()).unwrap().count(), 0);
    }

    #[test]
    fn a_journal_of_another_file_counts_for_nothing() {
        let root = tempfile::tempdir().unwrap();
        let download = PartialDownload::open(&Directories::under(root.path()), "model", "c1").unwrap();
        let mut file = download.begin("w", wanted()).unwrap();
        file.finish_piece(0).unwrap();
        drop(file);
        for other in [
            Wanted { digest: "e".to_owned(), ..wanted() },
            Wanted { bytes: 9, ..wanted() },
            Wanted { piece_bytes: 5, ..wanted() },
        ] {
            let mut file = download.begin("w", other.clone()).unwrap();
            assert_eq!(file.done_bytes(), 0, "{other:?}");
            assert_eq!(file.path().metadata().unwrap().len(), other.bytes);
            file.finish_piece(0).unwrap();
        }
        let journal = download.folder().join("w.journal");
        for text in ["", "{}\n", "{\"format\":1}\n0\n", "\u{fffd}\n0\n1\n"] {
            write_file(&journal, text.as_bytes()).unwrap();
            assert_eq!(download.begin("w", wanted()).unwrap().done_bytes(), 0, "{text:?}");
        }
    }

    #[test]
    fn another_commit_takes_the_place_of_the_one_before() {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories::under(root.path());
        let open =
            |family: &str, key: &str| PartialDownload::open(&directories, family, key).unwrap().folder().to_owned();
        let (first, other) = (open("model", "c1"), open("model-2", "c1"));
        let second = open("model", "c2");
        assert!(!first.exists() && other.exists() && second.exists());
    }
}
