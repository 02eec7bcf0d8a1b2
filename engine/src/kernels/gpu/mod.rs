//! Attention on graphics cards: what CUDA and Metal share.
//!
//! The kernels themselves are `cuda/attention.cu` and `metal/attention.metal`; both keep memory linear in the number of
//! tokens, take both sequences of merged attention in one softmax, and split the keys where there are few rows.

#[cfg(any(feature = "cuda", feature = "metal"))]
mod attend;
pub mod launch;

#[cfg(any(feature = "cuda", feature = "metal"))]
pub(super) use attend::{Inputs, Part, attend};
