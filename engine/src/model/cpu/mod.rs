//! The model on the CPU: the same layers as beside it, on plain buffers instead of tensors.
//!
//! A layer is two passes over blocks of rows, each block on one thread from the first product to the last, so that what
//! lies between two products stays in that core's cache: keys and values of all rows first, then, block by block,
//! queries, attention, output product and feed-forward. Weights are packed once at load, activations are f32 (16 or 8
//! bits inside int8 products), and buffers are taken from a pool.

mod decoder;
mod encoder;
mod layer;
mod linear;
mod memory;
mod rope;
mod scratch;
mod self_cache;
mod vision;

pub(super) use decoder::Decoder;
pub(super) use encoder::TextEncoder;
pub(super) use linear::Linear;
pub(super) use memory::Memory;
pub(super) use self_cache::SelfCache;
pub(super) use vision::VisionLayers;
