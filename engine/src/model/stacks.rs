//! The operations that each backend provides.
//!
//! Embedding, output head and both ends of the vision encoder are the same for all backends and not part of them.

use std::fmt::Debug;

use candle_core::Tensor;

use super::error::ModelError;
use super::memory::Memory;
use super::memory_kind::MemoryKind;
use super::observe::{AttentionObserver, EachLayer};

/// The encoder's and the decoder's layers.
pub(super) trait Stacks {
    /// Layers of the text encoder; 0 for a decoder-only model.
    fn num_encoder_layers(&self) -> usize;

    /// Embedded tokens `[n, c]` to encoder states `[n, c]`.
    fn encode(&self, embedded: Tensor, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError>;

    /// Prepares contiguous encoder states `[s, c]` for the decoder. `inverse_norms`, `[layers·k, s]`, are computed where
    /// the memory needs them and they are not given.
    fn remember(
        &self,
        states: &Tensor,
        inverse_norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: EachLayer<'_>,
    ) -> Result<Memory, ModelError>;

    /// The inverse key norms of contiguous encoder states `[s, c]` in all decoder layers: `[layers·k, s]`, in f32.
    fn inverse_norms(&self, states: &Tensor) -> Result<Tensor, ModelError>;

    /// Starts a sequence over `memory`.
    fn start<'a>(&'a self, memory: &'a Memory) -> Box<dyn Sequence + 'a>;
}

/// A sequence that the decoder writes: its layers together with their caches of keys and values.
pub(super) trait Sequence {
    /// Tokens so far: the position of the next one.
    fn position(&self) -> usize;

    /// Appends embedded tokens `[t, c]` and returns their normed states `[t, c]`.
    fn append(&mut self, embedded: Tensor, observer: Option<&mut dyn AttentionObserver>) -> Result<Tensor, ModelError>;

    /// Appends embedded tokens `[t, c]` whose own states nobody needs.
    fn prefill(&mut self, embedded: Tensor) -> Result<(), ModelError> {
        self.append(embedded, None).map(drop)
    }
}

/// The transformer layers of the vision tower, and the norm after them.
pub(super) trait VisionLayers: Debug {
    /// Embedded patches `[p, c]` to states `[p, c]`.
    fn forward(&self, x: Tensor, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError>;
}
