//! The model on candle's tensors: for accelerators, and on the CPU in tests that compare the backends.

mod decoder;
mod encoder;
pub(super) mod layers;
mod memory;
mod self_cache;
mod stacks;
mod vision;

pub(super) use memory::Memory;
pub(super) use stacks::Stacks;
pub(super) use vision::VisionLayers;
