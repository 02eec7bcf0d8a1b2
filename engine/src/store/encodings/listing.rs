//! What is kept, file by file, without reading the states.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::clock::secs_of;
use super::format::{About, EntryKind, HEADER_BYTES, Header, Section};
use super::{EXTENSION, EncodingStore};
use crate::store::StoreError;

/// What an entry is of is a few names; anything beyond this is not that.
const MAX_ABOUT_BYTES: usize = 1 << 16;

/// All that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Sound files as far as their head tells, the one used longest ago first.
    pub files: Vec<KeptFile>,
    /// Files that are no use: damaged ones, ones of another version, and what writing left behind when it was killed.
    pub useless: Vec<(PathBuf, u64)>,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub kind: EntryKind,
    /// Tokens.
    pub rows: u32,
    /// Its length.
    pub bytes: u64,
    /// When it was last used, in seconds since 1970.
    pub used_secs: u64,
    /// What it is of.
    pub about: About,
}

/// A file of the store by its name alone.
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) used: std::time::SystemTime,
    /// Whether it has its final name.
    pub(super) is_entry: bool,
}

impl EncodingStore {
    /// Everything that is kept.
    ///
    /// # Errors
    /// Returns [`StoreError::Read`] when the folders cannot be listed.
    pub fn list(&self) -> Result<Kept, StoreError> {
        let mut kept = Kept { files: Vec::new(), useless: Vec::new() };
        for found in self.found()? {
            match head(&found.path).filter(|_| found.is_entry) {
                Some((header, about)) if header.file_bytes() == found.bytes => kept.files.push(KeptFile {
                    path: found.path,
                    kind: header.kind,
                    rows: header.rows,
                    bytes: found.bytes,
                    used_secs: secs_of(found.used),
                    about,
                }),
                _ => kept.useless.push((found.path, found.bytes)),
            }
        }
        Ok(kept)
    }

    /// Files of both folders, the one used longest ago first; what has a name that Recto never gives is left out.
    pub(super) fn found(&self) -> Result<Vec<FoundFile>, StoreError> {
        let mut found = Vec::new();
        for folder in self.folders() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(StoreError::read(&folder)(source)),
            };
            for entry in entries {
                let entry = entry.map_err(StoreError::read(&folder))?;
                let path = entry.path();
                let is_entry = path.extension().is_some_and(|end| end == EXTENSION);
                let is_leftover = entry.file_name().to_str().is_some_and(|name| name.starts_with(".writing-"));
                // A file that went meanwhile, by another process, is no longer there.
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_file() && (is_entry || is_leftover) {
                    let used = metadata.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH);
                    found.push(FoundFile { path, bytes: metadata.len(), used, is_entry });
                }
            }
        }
        found.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        Ok(found)
    }
}

/// A file's header and what it is of.
fn head(path: &Path) -> Option<(Header, About)> {
    let mut file = File::open(path).ok()?;
    let mut bytes = vec![0; HEADER_BYTES];
    file.read_exact(&mut bytes).ok()?;
    let header = Header::parse(bytes.first_chunk()?).ok()?;
    let end = header.range(Section::About).end;
    if end > HEADER_BYTES + MAX_ABOUT_BYTES {
        return None;
    }
    bytes.resize(end, 0);
    file.read_exact(&mut bytes[HEADER_BYTES..]).ok()?;
    let about = postcard::from_bytes(header.checked(&bytes, Section::About)?).ok()?;
    Some((header, about))
}
