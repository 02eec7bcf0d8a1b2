//! Gemma 3 from one GGUF file: configuration, vocabulary and weights, by the names T5Gemma 2's decoder uses.
//!
//! The header is read and validated completely ([`header`]) before any weight is read; a file with false counts, lengths or
//! offsets is rejected without allocating what it claims. Nothing is computed here: tensors are returned as stored, or
//! converted to f32.

mod error;
pub mod header;
mod hyper;
mod names;
mod reader;
mod source;
mod vocabulary;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use candle_core::quantized::{QTensor, ggml_file};
use candle_core::{DType, Device, Tensor};

pub use error::GgufError;
pub use header::{GgufHeader, TensorEntry};
pub use hyper::{GgufHyper, RopeScaling};
pub use vocabulary::{GgufVocabulary, TokenType};

use crate::regular_file;
use names::Expected;

/// A Gemma 3 model in a validated GGUF file: every required tensor is present, with the right shape, inside the file.
#[derive(Debug)]
pub struct GgufModel {
    /// Sizes and constants of the network.
    pub hyper: GgufHyper,
    /// The tokenizer's vocabulary.
    pub vocabulary: GgufVocabulary,
    path: PathBuf,
    // A mutex, because the position in the file is shared.
    file: Mutex<File>,
    data_start: u64,
    tensors: BTreeMap<String, Stored>,
}

/// Location of a tensor.
#[derive(Clone, Debug)]
struct Stored {
    entry: TensorEntry,
    has_one_added: bool,
}

impl GgufModel {
    /// Opens a GGUF file and validates its header; no weights are read.
    ///
    /// # Errors
    /// Returns a [`GgufError`] that says what is wrong with the file, or that it is for another architecture.
    pub fn open(path: &Path) -> Result<Self, GgufError> {
        let file = regular_file::open(path).map_err(GgufError::Io)?;
        let file_bytes = file.metadata().map_err(GgufError::Io)?.len();
        let mut header = GgufHeader::read(BufReader::new(&file), file_bytes)?;
        let hyper = GgufHyper::from_header(&header)?;
        let vocabulary = GgufVocabulary::take_from(&mut header, hyper.vocabulary)?;
        let data_start = header.data_start;
        let tensors = canonical(header.tensors, &hyper)?;
        Ok(Self { hyper, vocabulary, path: path.to_owned(), file: Mutex::new(file), data_start, tensors })
    }

    /// The file it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Canonical names of all tensors, sorted: `model.decoder.…`, and `lm_head.out_proj.weight` where the head is not tied.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether the output head has weights of its own instead of the embedding's.
    pub fn has_own_head(&self) -> bool {
        self.tensors.contains_key(names::HEAD)
    }

    /// Shape of a tensor as in PyTorch (`[out, in]` for a linear layer); `None` for an unknown name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|stored| stored.entry.shape.as_slice())
    }

    /// A tensor by its canonical name, in f32 on the CPU, shaped as in PyTorch. Norm weights are offsets from 1.
    ///
    /// # Errors
    /// Returns [`GgufError::NoTensor`] for an unknown name, [`GgufError::Io`] when the file can no longer be read.
    pub fn tensor(&self, name: &str) -> Result<Tensor, GgufError> {
        let stored = self.stored(name)?;
        let dense = self.load(&stored.entry)?.dequantize(&Device::Cpu)?.to_dtype(DType::F32)?;
        // GGUF stores Gemma's norms as 1 + w; the layers here use w.
        Ok(if stored.has_one_added { (dense - 1.0)? } else { dense })
    }

    /// A tensor by its canonical name, quantised as it is stored, on the CPU. For norms use [`GgufModel::tensor`].
    ///
    /// # Errors
    /// Returns [`GgufError::NoTensor`] for an unknown name and for norms, [`GgufError::Io`] when the file cannot be read.
    pub fn quantized(&self, name: &str) -> Result<QTensor, GgufError> {
        let stored = self.stored(name)?;
        if stored.has_one_added {
            return Err(GgufError::NoTensor { name: name.to_owned() });
        }
        self.load(&stored.entry)
    }

    fn stored(&self, name: &str) -> Result<&Stored, GgufError> {
        self.tensors.get(name).ok_or_else(|| GgufError::NoTensor { name: name.to_owned() })
    }

    fn load(&self, entry: &TensorEntry) -> Result<QTensor, GgufError> {
        let mut raw = vec![0; entry.bytes as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.data_start + entry.offset)).map_err(GgufError::Io)?;
            file.read_exact(&mut raw).map_err(GgufError::Io)?;
        }
        Ok(ggml_file::qtensor_from_ggml(entry.dtype, &raw, entry.shape.clone(), &Device::Cpu)?)
    }
}

/// Maps the stored tensors to canonical names: each required one must be present with its shape, and there may be no others.
fn canonical(
    mut stored: BTreeMap<String, TensorEntry>,
    hyper: &GgufHyper,
) -> Result<BTreeMap<String, Stored>, GgufError> {
    let mut tensors = BTreeMap::new();
    for Expected { stored_name, canonical_name, shape, has_one_added, optional } in names::expected(hyper) {
        let Some(entry) = stored.remove(&stored_name) else {
            if optional {
                continue;
            }
            return Err(GgufError::NoTensor { name: stored_name });
        };
        if entry.shape != shape {
            return Err(GgufError::Shape { name: stored_name, expected: shape, found: entry.shape });
        }
        tensors.insert(canonical_name, Stored { entry, has_one_added });
    }
    match stored.into_keys().next() {
        // Ignoring a weight would silently give wrong answers.
        Some(name) => Err(GgufError::UnknownTensor { name }),
        None => Ok(tensors),
    }
}
