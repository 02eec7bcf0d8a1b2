//! Validating weight files before they are installed.
//!
//! Only headers are read, and every length in them is checked against the file. Memory is allocated for headers only, never for
//! sizes that a header claims.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};

use super::HubError;
use crate::regular_file;
use crate::store::StoreError;

/// The largest model has 1,327 tensors, whose header takes some 200 kilobytes.
const MAX_HEADER_BYTES: u64 = 16 << 20;
const MAX_INDEX_BYTES: u64 = 16 << 20;
const MAX_TENSORS: usize = 100_000;

/// A tensor as a header describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct StoredTensor {
    /// Its data type, in the format's spelling.
    pub(super) dtype: String,
    /// Its shape.
    pub(super) shape: Vec<usize>,
    /// First byte, and the one after the last, counted from the end of the header.
    data_offsets: (u64, u64),
}

/// Tensors of a file, by the names they are stored under.
pub(super) type StoredTensors = BTreeMap<String, StoredTensor>;

/// A header without duplicate names.
struct Header(StoredTensors);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut tensors = StoredTensors::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    if tensors.contains_key(&name) {
                        return Err(A::Error::custom(format!("the tensor `{name}` appears twice")));
                    }
                    if tensors.len() == MAX_TENSORS {
                        return Err(A::Error::custom(format!("it names more than {MAX_TENSORS} tensors")));
                    }
                    tensors.insert(name, map.next_value()?);
                }
                Ok(Header(tensors))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// Checks the header of a safetensors file: every tensor has the size of its shape, lies inside the file and overlaps no other.
///
/// # Errors
/// Returns [`HubError::Refused`] with what is wrong, or [`StoreError::Read`].
pub(super) fn safetensors(path: &Path) -> Result<StoredTensors, HubError> {
    let refused = |why: String| HubError::Refused { path: path.to_owned(), why };
    let mut file = regular_file::open(path).map_err(StoreError::read(path))?;
    let file_bytes = file.metadata().map_err(StoreError::read(path))?.len();
    let mut length = [0; 8];
    if file_bytes < length.len() as u64 {
        return Err(refused(format!("it is truncated: {file_bytes} bytes, less than a header")));
    }
    file.read_exact(&mut length).map_err(StoreError::read(path))?;
    if length.starts_with(b"PK") || length.starts_with(&[0x80]) && u64::from_le_bytes(length) > MAX_HEADER_BYTES {
        return Err(refused("it is a renamed pickle, which can run code when opened".to_owned()));
    }
    let header_bytes = u64::from_le_bytes(length);
    if header_bytes > MAX_HEADER_BYTES {
        return Err(refused(format!("it is not a safetensors file: its header would have {header_bytes} bytes")));
    }
    let data_start = header_bytes + length.len() as u64;
    if data_start > file_bytes {
        return Err(refused(format!("it is truncated: {file_bytes} bytes, but the header alone takes {data_start}")));
    }
    let mut header = vec![0; header_bytes as usize];
    file.read_exact(&mut header).map_err(StoreError::read(path))?;
    let Header(tensors) =
        serde_json::from_slice(&header).map_err(|error| refused(format!("its header is damaged: {error}")))?;
    check_places(&tensors, file_bytes, data_start).map_err(refused)?;
    Ok(tensors)
}

/// Checks sizes and offsets of all tensors of a file.
fn check_places(tensors: &StoredTensors, file_bytes: u64, data_start: u64) -> Result<(), String> {
    let mut by_place: Vec<(&String, (u64, u64))> = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let (start, end) = tensor.data_offsets;
        let number_bytes = number_bytes(&tensor.dtype)
            .ok_or_else(|| format!("its tensor `{name}` has the unsupported type {:?}", tensor.dtype))?;
        let needed = tensor.shape.iter().try_fold(number_bytes, |bytes, &side| bytes.checked_mul(side as u64));
        let needed =
            needed.ok_or_else(|| format!("its tensor `{name}` has the impossible shape {:?}", tensor.shape))?;
        if end.checked_sub(start) != Some(needed) {
            return Err(format!(
                "its tensor `{name}` of shape {:?} in {} takes {needed} bytes, but the header gives it bytes {start} to {end}",
                tensor.shape, tensor.dtype
            ));
        }
        by_place.push((name, (start, end)));
    }
    by_place.sort_by_key(|(_, place)| *place);
    let data_bytes = by_place.iter().map(|(_, (_, end))| *end).max().unwrap_or(0);
    let expected_bytes = data_start.saturating_add(data_bytes);
    if file_bytes < expected_bytes {
        let left_bytes = file_bytes - data_start;
        let (name, (_, end)) = by_place.iter().find(|(_, (_, end))| *end > left_bytes).ok_or("it is truncated")?;
        return Err(format!(
            "it is truncated: {file_bytes} of {expected_bytes} bytes; the tensor `{name}` ends {} bytes past the end",
            end - left_bytes
        ));
    }
    let mut previous: Option<(&String, u64)> = None;
    for (name, (start, end)) in &by_place {
        let (first, previous_end) = previous.map_or(("", 0), |(first, end)| (first.as_str(), end));
        if *start < previous_end {
            return Err(format!("its tensors `{first}` and `{name}` overlap"));
        }
        if *start > previous_end {
            return Err(format!("it is damaged: {} unused bytes before the tensor `{name}`", start - previous_end));
        }
        previous = Some((name, *end));
    }
    if file_bytes > expected_bytes {
        return Err(format!("it is damaged: {file_bytes} bytes, but its header accounts for {expected_bytes}"));
    }
    Ok(())
}

/// Bytes per number of each type of the format.
fn number_bytes(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => 1,
        "I16" | "U16" | "F16" | "BF16" => 2,
        "I32" | "U32" | "F32" => 4,
        "I64" | "U64" | "F64" | "C64" => 8,
        _ => return None,
    })
}

/// The weights of a published folder: its files, and each tensor with its file.
#[derive(Debug)]
pub(super) struct PublishedWeights {
    pub(super) files: Vec<PathBuf>,
    pub(super) tensors: Vec<(PathBuf, String, StoredTensor)>,
}

/// Checks the weights of a published folder, file by file.
///
/// # Errors
/// Returns [`HubError::Refused`] with the damaged or missing file, or [`StoreError::Read`].
pub(super) fn weights(folder: &Path, index: Option<&Path>, files: &[PathBuf]) -> Result<PublishedWeights, HubError> {
    let mut found = PublishedWeights { files: Vec::new(), tensors: Vec::new() };
    let Some(index) = index else {
        for file in files {
            found.take(file, safetensors(file)?);
        }
        return Ok(found);
    };
    let mut by_file: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (tensor, file) in weight_map(index)? {
        by_file.entry(file).or_default().insert(tensor);
    }
    for (file, tensors) in by_file {
        let refused = |why: String| HubError::Refused { path: folder.to_owned(), why };
        let path = folder.join(&file);
        if Path::new(&file).file_name() != Some(file.as_ref()) || file.contains(['\\', ':']) {
            return Err(refused(format!("its index points outside the folder: {file:?}")));
        }
        if !path.is_file() {
            return Err(refused(format!("{file} is missing")));
        }
        let present = safetensors(&path)?;
        if let Some(tensor) = tensors.iter().find(|tensor| !present.contains_key(*tensor)) {
            return Err(refused(format!("{file} lacks the tensor `{tensor}` named in the index")));
        }
        found.take(&path, present);
    }
    Ok(found)
}

impl PublishedWeights {
    fn take(&mut self, file: &Path, tensors: StoredTensors) {
        self.files.push(file.to_owned());
        self.tensors.extend(tensors.into_iter().map(|(name, tensor)| (file.to_owned(), name, tensor)));
    }
}

fn weight_map(index: &Path) -> Result<BTreeMap<String, String>, HubError> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let refused = |why: String| HubError::Refused { path: index.to_owned(), why };
    let index_bytes = index.metadata().map_err(StoreError::read(index))?.len();
    if index_bytes > MAX_INDEX_BYTES {
        return Err(refused(format!("it is too long for an index: {index_bytes} bytes")));
    }
    let bytes = regular_file::read(index, MAX_INDEX_BYTES).map_err(StoreError::read(index))?;
    let Index { weight_map } =
        serde_json::from_slice(&bytes).map_err(|error| refused(format!("it is damaged: {error}")))?;
    if weight_map.is_empty() { Err(refused("it names no weights".to_owned())) } else { Ok(weight_map) }
}
