//! The CPU's arithmetic over plain slices: matrix products in f32, bf16 and int8, attention in blocks, and the row-wise
//! passes between them. Knows no tensors and no model.

pub mod attention;
pub mod dense;
mod destination;
pub mod int8;
mod isa;
mod matrix;
pub mod rows;
mod vectorised;

pub use destination::Destination;
pub use isa::{ActivationFormat, Isa, VARIABLE};
pub use matrix::{Matrix, Operand, Precision};
pub use vectorised::Vectorised;

/// Columns of a matrix that lie side by side in memory: a panel. 16 f32 or 64 bytes fill a cache line and the widest
/// registers.
pub const PANEL: usize = 16;
