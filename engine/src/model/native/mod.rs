//! The model on the CPU: our own kernels on plain buffers and packed weights.
//!
//! A layer is two passes over blocks of rows. Each block stays on one thread from the first product to the last, so that
//! intermediate results stay in that core's cache: keys and values of all rows first, then, block by block, queries,
//! attention, output product and feed-forward. Weights are packed once when they are loaded, activations are f32 (16 or 8
//! bits inside int8 products), and buffers come from a pool.

mod decoder;
mod encoder;
mod layer;
mod linear;
mod memory;
mod rope;
mod scratch;
mod self_cache;
mod stacks;
mod vision;

pub(super) use linear::Linear;
pub(super) use memory::Memory;
pub(super) use stacks::Stacks;
pub(super) use vision::VisionLayers;
