//! Products of f32 activations with weights in f32 or bf16, which are widened on the way.

mod lanes;
mod matrix;
mod multiply;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use matrix::{Number, PackedMatrix};
pub use multiply::{Rows, multiply};
