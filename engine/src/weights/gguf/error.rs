//! Errors of GGUF files.

use std::io;

use crate::diagnostic::Hint;
use crate::untrusted::printable;

/// Why a GGUF file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[source] io::Error),
    /// It is some other kind of file.
    #[error("it is not a GGUF file")]
    NotGguf,
    /// An unsupported version of the format.
    #[error("it has version {0} of the GGUF format; versions 2 and 3 are supported")]
    Version(u32),
    /// A big-endian file.
    #[error("it is a big-endian GGUF file")]
    BigEndian,
    /// The file ends too early.
    #[error("it is truncated: {what} needs {needed_bytes} bytes, but {left_bytes} are left")]
    Truncated {
        /// What was being read.
        what: String,
        /// How much it needs.
        needed_bytes: u64,
        /// How much the file has left there.
        left_bytes: u64,
    },
    /// An implausible count or length.
    #[error("its header has an implausible count: {count} {what}")]
    Implausible {
        /// What is counted.
        what: String,
        /// The count.
        count: u64,
    },
    /// The header is invalid.
    #[error("its header is damaged: {0}")]
    Damaged(String),
    /// An unsupported type.
    #[error("its tensor `{}` has the unsupported type {type_name}", printable(name))]
    UnsupportedType {
        /// The tensor.
        name: String,
        /// Its type.
        type_name: String,
    },
    /// Two tensors share bytes.
    #[error("its tensors `{}` and `{}` overlap", printable(first), printable(second))]
    Overlap {
        /// The tensor that starts first.
        first: String,
        /// The one that starts before it ends.
        second: String,
    },
    /// The file is for another architecture.
    #[error("it has the architecture `{}`; Recto supports GGUF files of `gemma3` only", printable(.0))]
    Architecture(String),
    /// A metadata entry is missing or has another type.
    #[error("its metadata has no valid `{}`", printable(.0))]
    Metadata(String),
    /// A metadata entry has an unsupported value.
    #[error("its metadata has `{key}` = {}, which Recto does not support", printable(value))]
    Unsupported {
        /// The entry.
        key: String,
        /// Its value.
        value: String,
    },
    /// A tensor is missing.
    #[error("it has no tensor `{}`", printable(name))]
    NoTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor that the architecture does not have.
    #[error("it has a tensor `{}` that Gemma 3 does not have", printable(name))]
    UnknownTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor does not have the shape that follows from the metadata.
    #[error("its tensor `{}` has the shape {found:?} instead of {expected:?}", printable(name))]
    Shape {
        /// The tensor.
        name: String,
        /// The shape that follows from the metadata.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// The tensor could not be created.
    #[error("a tensor cannot be created: {0}")]
    Tensor(#[from] candle_core::Error),
}

impl Hint for GgufError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io(_) | Self::Tensor(_) => return None,
            Self::NotGguf
            | Self::Truncated { .. }
            | Self::Implausible { .. }
            | Self::Damaged(_)
            | Self::Overlap { .. } => {
                "download the file again and compare its size and hash with the published ones".to_owned()
            }
            Self::Version(_) | Self::BigEndian | Self::UnsupportedType { .. } => {
                "convert the model again with a current llama.cpp, as F16, Q8_0 or a K-quant".to_owned()
            }
            Self::Architecture(_)
            | Self::Metadata(_)
            | Self::Unsupported { .. }
            | Self::NoTensor { .. }
            | Self::UnknownTensor { .. }
            | Self::Shape { .. } => "use a Gemma 3 (text) GGUF file, or a published T5Gemma 2 checkpoint".to_owned(),
        })
    }
}
