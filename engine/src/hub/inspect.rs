//! Whether files are what they claim to be, before they are taken in.
//!
//! Only headers are read, and their lengths are believed no further than the file reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use safetensors::tensor::Metadata;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::HubError;
use crate::store::StoreError;

/// What the format's own reader takes at most.
const MAX_HEADER_BYTES: u64 = 100_000_000;
/// An index names a few thousand tensors; anything beyond this is not one.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// Checks the header of a safetensors file against the file and returns the names of its tensors.
///
/// # Errors
/// Returns [`HubError::Refused`] with what is wrong, or [`StoreError::Read`].
pub(super) fn safetensors(path: &Path) -> Result<BTreeSet<String>, HubError> {
    let refused = |why: String| HubError::Refused { path: path.to_owned(), why };
    let mut file = File::open(path).map_err(StoreError::read(path))?;
    let file_bytes = file.metadata().map_err(StoreError::read(path))?.len();
    let mut length = [0; 8];
    if file_bytes < length.len() as u64 {
        return Err(refused(format!("it is truncated: {file_bytes} bytes are not even a header")));
    }
    file.read_exact(&mut length).map_err(StoreError::read(path))?;
    if length.starts_with(b"PK") || length.starts_with(&[0x80]) && u64::from_le_bytes(length) > MAX_HEADER_BYTES {
        return Err(refused("it is a pickle by another name, which can run code when it is opened".to_owned()));
    }
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > MAX_HEADER_BYTES {
        return Err(refused(format!("it is no safetensors file: its header would have {header_bytes} bytes")));
    }
    let data_start = header_bytes + length.len() as u64;
    if data_start > file_bytes {
        return Err(refused(format!(
            "it is truncated: {file_bytes} bytes, of which the header alone takes {data_start}"
        )));
    }
    let mut header = vec![0; header_bytes as usize];
    file.read_exact(&mut header).map_err(StoreError::read(path))?;
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| refused(format!("its header is damaged: {error}")))?;
    let tensors = metadata.tensors();
    let data_bytes = tensors.values().map(|info| info.data_offsets.1 as u64).max().unwrap_or(0);
    let expected_bytes = data_start.saturating_add(data_bytes);
    if file_bytes < expected_bytes {
        return Err(refused(format!("it is truncated: {file_bytes} of {expected_bytes} bytes")));
    }
    if file_bytes > expected_bytes {
        return Err(refused(format!(
            "it is damaged: {file_bytes} bytes where its header accounts for {expected_bytes}"
        )));
    }
    Ok(tensors.into_keys().collect())
}

/// Checks the weights of a published folder and returns the files that belong to them.
///
/// # Errors
/// Returns [`HubError::Refused`] naming the file that is damaged or missing, or [`StoreError::Read`].
pub(super) fn weights(folder: &Path, index: Option<&Path>, files: &[PathBuf]) -> Result<Vec<PathBuf>, HubError> {
    let Some(index) = index else {
        for file in files {
            safetensors(file)?;
        }
        return Ok(files.to_vec());
    };
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (tensor, file) in weight_map(index)? {
        by_file.entry(file).or_default().push(tensor);
    }
    let mut shards = Vec::new();
    for (file, tensors) in by_file {
        let refused = |why: String| HubError::Refused { path: folder.to_owned(), why };
        let path = folder.join(&file);
        if Path::new(&file).file_name() != Some(file.as_ref()) {
            return Err(refused(format!("its index points outside the folder: {file:?}")));
        }
        if !path.is_file() {
            return Err(refused(format!("{file} is missing")));
        }
        let present = safetensors(&path)?;
        if let Some(tensor) = tensors.iter().find(|tensor| !present.contains(*tensor)) {
            return Err(refused(format!("{file} lacks the tensor `{tensor}` that the index promises")));
        }
        shards.push(path);
    }
    Ok(shards)
}

/// Checks that a file is JSON from the first to the last byte.
///
/// # Errors
/// Returns [`HubError::Refused`] when it is not, or [`StoreError::Read`].
pub(super) fn json(path: &Path) -> Result<(), HubError> {
    let file = File::open(path).map_err(StoreError::read(path))?;
    serde_json::from_reader::<_, IgnoredAny>(BufReader::new(file))
        .map(|_| ())
        .map_err(|error| HubError::Refused { path: path.to_owned(), why: format!("it is damaged: {error}") })
}

fn weight_map(index: &Path) -> Result<BTreeMap<String, String>, HubError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let refused = |why: String| HubError::Refused { path: index.to_owned(), why };
    let index_bytes = index.metadata().map_err(StoreError::read(index))?.len();
    if index_bytes > MAX_INDEX_BYTES {
        return Err(refused(format!("it has {index_bytes} bytes, which no index has")));
    }
    let bytes = std::fs::read(index).map_err(StoreError::read(index))?;
    let Index { weight_map } =
        serde_json::from_slice(&bytes).map_err(|error| refused(format!("it is damaged: {error}")))?;
    if weight_map.is_empty() { Err(refused("it names no weights".to_owned())) } else { Ok(weight_map) }
}
