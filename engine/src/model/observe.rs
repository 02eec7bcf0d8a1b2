//! How a caller follows the work: before each layer, and by its attention.

use super::error::ModelError;
use crate::kernels::attention::AttentionSink;

/// Called before each layer; returning an error stops the work.
pub type EachLayer<'a> = &'a mut dyn FnMut(usize) -> Result<(), ModelError>;

/// Sees the attention of each layer while the decoder runs.
pub trait AttentionObserver {
    /// Called before layer `layer`; the returned sink receives that layer's probabilities.
    fn layer(&mut self, layer: usize) -> Option<&mut dyn AttentionSink>;
}
