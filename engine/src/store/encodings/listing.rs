//! Listing the entries, without reading their states.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::clock::secs_of;
use super::format::{About, EntryKind, HEADER_BYTES, Header, Section};
use super::{EXTENSION, EncodingStore};
use crate::regular_file;
use crate::store::StoreError;

/// The `about` section holds a few names; longer ones are not valid.
const MAX_ABOUT_BYTES: usize = 1 << 16;

/// All entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Files with a valid header, the least recently used first.
    pub files: Vec<KeptFile>,
    /// Unusable files: damaged, of another version, or left behind by a killed process.
    pub useless: Vec<(PathBuf, u64)>,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its path.
    pub path: PathBuf,
    /// Its kind.
    pub kind: EntryKind,
    /// Tokens.
    pub rows: u32,
    /// Its length.
    pub bytes: u64,
    /// When it was last used, in seconds since 1970.
    pub used_secs: u64,
    /// What it belongs to.
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
    /// Lists all entries.
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

    /// Files of all folders, the least recently used first; foreign names are skipped.
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
                // Another process may have deleted it meanwhile.
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

/// A file's header and its `about` section.
fn head(path: &Path) -> Option<(Header, About)> {
    let mut file = regular_file::open(path).ok()?;
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
