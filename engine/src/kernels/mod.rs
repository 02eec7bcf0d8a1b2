//! The compute kernels: matrix products and attention, over candle tensors and plain slices.
//!
//! Letters in shapes: `r` rows, `h` query heads, `k` key heads, `n` keys, `d` width of a head. On the CPU activations are
//! always f32, whatever type weights are held in; on an accelerator they have the weights' type. `docs/kernels.md` explains
//! the CPU kernels, with measurements.

pub mod attention;
pub mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
pub mod gpu;
pub mod linear;
pub mod matvec;
#[cfg(feature = "metal")]
mod metal;
mod operands;
pub mod threads;
