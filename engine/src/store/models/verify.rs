//! Verifying the files of an installed model.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::manifest::ManifestFile;
use crate::cancel::CancelToken;
use crate::regular_file;
use crate::store::StoreError;

/// Bytes read at a time; cancellation is checked in between.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// A file that has changed since the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The file's name in the model's folder.
    pub file: String,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is missing.
    Missing,
    /// It is shorter than it was.
    Truncated {
        /// Length when installed.
        expected_bytes: u64,
        /// Length now.
        found_bytes: u64,
    },
    /// It is longer than it was.
    Grown {
        /// Length when installed.
        expected_bytes: u64,
        /// Length now.
        found_bytes: u64,
    },
    /// Its content has changed, not its length.
    Changed,
    /// It cannot be read; with the reason.
    Unreadable(String),
}

impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = &self.file;
        match &self.kind {
            FaultKind::Missing => write!(f, "{file} is missing"),
            FaultKind::Truncated { expected_bytes, found_bytes } => {
                write!(f, "{file} is truncated: {found_bytes} of {expected_bytes} bytes")
            }
            FaultKind::Grown { expected_bytes, found_bytes } => {
                write!(f, "{file} is too long: {found_bytes} bytes instead of {expected_bytes}")
            }
            FaultKind::Changed => write!(f, "{file} has changed since it was installed"),
            FaultKind::Unreadable(why) => write!(f, "{file} cannot be read: {why}"),
        }
    }
}

/// Faults that show without reading the files: missing ones and wrong lengths.
pub(super) fn check_sizes(folder: &Path, files: &[ManifestFile]) -> Vec<FileFault> {
    files.iter().filter_map(|file| size_fault(folder, file)).collect()
}

/// All faults, hashing every file again.
pub(super) fn verify_files(
    folder: &Path,
    files: &[ManifestFile],
    cancel: &CancelToken,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<Vec<FileFault>, StoreError> {
    let mut faults = Vec::new();
    for file in files {
        if let Some(fault) = size_fault(folder, file) {
            faults.push(fault);
            continue;
        }
        let kind = match hash_file(&folder.join(&file.name), cancel, on_bytes) {
            Ok(sha256) if sha256.eq_ignore_ascii_case(&file.sha256) => continue,
            Ok(_) => FaultKind::Changed,
            Err(StoreError::Read { source, .. }) => FaultKind::Unreadable(source.to_string()),
            Err(other) => return Err(other),
        };
        faults.push(FileFault { file: file.name.clone(), kind });
    }
    Ok(faults)
}

/// SHA-256 of a file in hexadecimal; `on_bytes` is called with the number of bytes read since its last call.
///
/// # Errors
/// Returns [`StoreError::Read`] or [`StoreError::Cancelled`].
pub fn hash_file(path: &Path, cancel: &CancelToken, on_bytes: &mut dyn FnMut(u64)) -> Result<String, StoreError> {
    let mut file = regular_file::open(path).map_err(StoreError::read(path))?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        cancel.check()?;
        match file.read(&mut chunk).map_err(StoreError::read(path))? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => {
                hasher.update(&chunk[..read]);
                on_bytes(read as u64);
            }
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn size_fault(folder: &Path, file: &ManifestFile) -> Option<FileFault> {
    let expected_bytes = file.bytes;
    let kind = match folder.join(&file.name).metadata() {
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => FaultKind::Missing,
        Err(error) => FaultKind::Unreadable(error.to_string()),
        Ok(metadata) => match metadata.len() {
            found_bytes if found_bytes < expected_bytes => FaultKind::Truncated { expected_bytes, found_bytes },
            found_bytes if found_bytes > expected_bytes => FaultKind::Grown { expected_bytes, found_bytes },
            _ => return None,
        },
    };
    Some(FileFault { file: file.name.clone(), kind })
}
