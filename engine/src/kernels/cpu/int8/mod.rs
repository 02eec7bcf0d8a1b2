//! Products with weights in bytes: activations quantised on the fly, weights once at load.
//!
//! Both carry a scale per block of numbers along the inner dimension. One scale a row, as int8 products usually have
//! it, loses too much on Gemma's activations, whose largest numbers are hundreds of times the typical one. Four bytes of
//! activations are multiplied at a time, a *group*: four of 8 bits or two of 16, as the CPU likes it
//! ([`super::ActivationFormat`]).

#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;
mod matrix;
mod multiply;
#[cfg(target_arch = "aarch64")]
mod neon;
mod rows;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use matrix::PackedMatrix;
pub use multiply::multiply;
pub use rows::{QuantizedRows, RowsView};

/// Ranges of the inner dimension begin and end at multiples of this: whole blocks of every format.
pub const ALIGNMENT: usize = 64;

/// Bytes of activations that one instruction multiplies and adds up.
const GROUP_BYTES: usize = 4;
