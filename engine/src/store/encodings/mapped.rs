//! Reading an entry through a memory map, verified before use.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use memmap2::Mmap;

use super::format::{About, EntryKind, HEADER_BYTES, Header, Section};
use super::key::Key;
use crate::regular_file;

/// A memory-mapped entry. While it lives, no process evicts its file.
#[derive(Debug)]
pub struct MappedEntry {
    map: Mmap,
    header: Header,
    /// Holds a shared lock until it is dropped.
    file: File,
}

impl MappedEntry {
    /// Maps and verifies a file. `None` where there is none; the error says why it cannot be used.
    pub(super) fn open(path: &Path, kind: EntryKind, key: &Key) -> Result<Option<Self>, String> {
        let file = match open_for_use(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        // Without lock support in the file system the file is still readable.
        let _ = file.try_lock_shared();
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() || metadata.len() < HEADER_BYTES as u64 {
            return Err("it is not a file, or too short to be one of Recto's".to_owned());
        }
        let map = map(&file).map_err(|error| error.to_string())?;
        let header = map.first_chunk::<HEADER_BYTES>().ok_or("it is too short")?;
        let header = Header::parse(header)?;
        if header.kind != kind || header.key != *key {
            return Err("it belongs to another entry".to_owned());
        }
        if header.file_bytes() != map.len() as u64 {
            return Err(format!("it has {} of {} bytes", map.len(), header.file_bytes()));
        }
        match Section::ALL.into_iter().find(|&section| header.checked(&map, section).is_none()) {
            Some(section) => Err(format!("its section {section:?} is damaged")),
            None => Ok(Some(Self { map, header, file })),
        }
    }

    /// What it belongs to.
    pub fn about(&self) -> About {
        postcard::from_bytes(self.section(Section::About)).unwrap_or_default()
    }

    /// Bytes that the caller understands.
    pub fn content(&self) -> &[u8] {
        self.section(Section::Content)
    }

    /// Tokens.
    pub fn rows(&self) -> usize {
        self.header.rows as usize
    }

    /// Numbers per token.
    pub fn columns(&self) -> usize {
        self.header.columns as usize
    }

    /// Scalars per token.
    pub fn num_scalars(&self) -> usize {
        self.header.scalars as usize
    }

    /// bf16, little-endian, row by row.
    pub fn states(&self) -> &[u8] {
        self.section(Section::States)
    }

    /// f32, little-endian, `[scalars, rows]`.
    pub fn scalars(&self) -> &[u8] {
        self.section(Section::Scalars)
    }

    /// Updates the time of last use, unless it is recent.
    pub(super) fn touch(&self, after: Duration) {
        let now = SystemTime::now();
        let used = self.file.metadata().and_then(|metadata| metadata.modified());
        if used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age < after)) {
            return;
        }
        // A file that cannot be touched is only evicted sooner.
        let _ = self.file.set_modified(now);
    }

    fn section(&self, section: Section) -> &[u8] {
        self.map.get(self.header.range(section)).unwrap_or_default()
    }
}

/// Opens a file for reading and for setting its time of last use, which Windows requires a flag for.
fn open_for_use(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt as _;
        use windows_sys::Win32::Foundation::GENERIC_READ;
        use windows_sys::Win32::Storage::FileSystem::FILE_WRITE_ATTRIBUTES;
        options.access_mode(GENERIC_READ | FILE_WRITE_ATTRIBUTES);
    }
    regular_file::open_with(&mut options, path)
}

#[expect(
    unsafe_code,
    reason = "mapping a file is unsafe by nature; entries are checked and copied without a second buffer"
)]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is only read. Recto never writes into a file that has its name: entries are written under another
    // name and renamed into place, and taking one away leaves the mapped file as it is. Another program that cuts the
    // file short while it is mapped would end the process, as with every mapped file; one that changes its numbers
    // changes what is read, which the checksums see if it happened before and plain numbers survive if it happens after.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::super::{EncodingStore, Entry, KeyHasher, Put};
    use super::*;
    use crate::store::Directories;

    #[test]
    fn a_mapped_entry_outlives_its_replacement_and_its_removal() {
        let root = tempfile::tempdir().unwrap();
        let store = EncodingStore::new(&Directories::under(root.path()), Some(1 << 20));
        let key = KeyHasher::new("test").finish();
        let about = About::now("report.pdf", "00", "small");
        let put = |states: &[u8]| {
            let entry = Entry { about: &about, content: b"content", rows: 2, columns: 2, states, scalars: &[0; 8] };
            assert_eq!(store.put(EntryKind::Window, &key, &entry).unwrap(), Put::Kept);
        };
        put(&[1; 8]);
        let first = store.get(EntryKind::Window, &key).unwrap();
        put(&[2; 8]);
        let second = store.get(EntryKind::Window, &key).unwrap();
        let path = store.path_of(EntryKind::Window, &key);
        File::open(&path).unwrap();
        drop(root);
        assert!(!path.exists());
        assert_eq!((first.states(), second.states()), (&[1; 8][..], &[2; 8][..]));
        assert_eq!((second.rows(), second.columns(), second.num_scalars()), (2, 2, 1));
    }
}
