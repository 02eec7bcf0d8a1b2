//! Weights on disk: checked before they are believed, handed out as tensors.

pub mod gguf;
