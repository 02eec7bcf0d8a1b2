//! Images to soft tokens: preprocessing, the SigLIP tower, pooling and projection.

mod encoder;
mod preprocess;
mod projector;
mod tower;

pub(super) use encoder::VisionEncoder;
pub use preprocess::{Pixels, preprocess};
