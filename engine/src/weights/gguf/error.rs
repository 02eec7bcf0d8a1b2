//! What can be wrong with a GGUF file.

use std::io;

use crate::diagnostic::Hint;

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
    /// A version of the format that is not read.
    #[error("it has version {0} of the GGUF format; versions 2 and 3 are read")]
    Version(u32),
    /// Numbers are stored the other way round.
    #[error("it is a big-endian GGUF file")]
    BigEndian,
    /// The file ends too early.
    #[error("it is truncated: {what} needs {needed_bytes} bytes where {left_bytes} are left")]
    Truncated {
        /// What was being read.
        what: String,
        /// How much it needs.
        needed_bytes: u64,
        /// How much the file has left there.
        left_bytes: u64,
    },
    /// A count or length that no sound file has.
    #[error("its header claims {count} {what}, which no sound file has")]
    Implausible {
        /// What is counted.
        what: String,
        /// The count.
        count: u64,
    },
    /// Something in the header makes no sense.
    #[error("its header is damaged: {0}")]
    Damaged(String),
    /// A type of numbers that is not read.
    #[error("its tensor `{name}` has the type {type_name}, which is not read")]
    UnsupportedType {
        /// The tensor.
        name: String,
        /// Its type.
        type_name: String,
    },
    /// Two tensors share bytes.
    #[error("its tensors `{first}` and `{second}` overlap")]
    Overlap {
        /// The tensor that starts first.
        first: String,
        /// The one that starts before it ends.
        second: String,
    },
    /// The file is for another network.
    #[error("it is for a model of architecture `{0}`; of GGUF files, Recto runs `gemma3`")]
    Architecture(String),
    /// An entry of the metadata is missing or of another type.
    #[error("its metadata has no usable `{0}`")]
    Metadata(String),
    /// An entry of the metadata has a value that is not handled.
    #[error("its metadata says `{key}` is {value}, which Recto does not run")]
    Unsupported {
        /// The entry.
        key: String,
        /// Its value.
        value: String,
    },
    /// A tensor is missing.
    #[error("it has no tensor `{name}`")]
    NoTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor that the network has no use for.
    #[error("it has a tensor `{name}` that Gemma 3 does not have")]
    UnknownTensor {
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape than the metadata calls for.
    #[error("its tensor `{name}` has the shape {found:?} instead of {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// The shape that follows from the metadata.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// The numbers could not be made into a tensor.
    #[error("a tensor cannot be made: {0}")]
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
                "get the file again and compare its size and hash with those published".to_owned()
            }
            Self::Version(_) | Self::BigEndian | Self::UnsupportedType { .. } => {
                "convert the model again with a current llama.cpp, as F16, Q8_0 or a K type".to_owned()
            }
            Self::Architecture(_)
            | Self::Metadata(_)
            | Self::Unsupported { .. }
            | Self::NoTensor { .. }
            | Self::UnknownTensor { .. }
            | Self::Shape { .. } => "use a GGUF file of Gemma 3 (text), or T5Gemma 2 as published".to_owned(),
        })
    }
}
