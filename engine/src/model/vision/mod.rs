//! Images to soft tokens: the SigLIP tower, pooling and projection; and pictures to the pixels that the tower wants.

mod preprocess;
mod projector;
mod tower;

pub use preprocess::{Pixels, preprocess};
pub(super) use projector::Projector;
pub(super) use tower::VisionTower;
