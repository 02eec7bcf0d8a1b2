//! Encoder and decoder on the CPU.

use candle_core::{DType, Tensor};

use super::decoder::Decoder;
use super::encoder::TextEncoder;
use super::memory;
use super::self_cache::SelfCache;
use crate::model::config::ModelConfig;
use crate::model::error::ModelError;
use crate::model::memory::Memory;
use crate::model::memory_kind::MemoryKind;
use crate::model::observe::{AttentionObserver, EachLayer};
use crate::model::stacks;
use crate::weights::{Weights, WeightsError};

/// Both stacks of layers.
pub(crate) struct Stacks {
    encoder: Option<TextEncoder>,
    decoder: Decoder,
}

impl Stacks {
    pub(crate) fn load(weights: &Weights, config: &ModelConfig) -> Result<Self, WeightsError> {
        let encoder = config.encoder.as_ref();
        Ok(Self {
            encoder: encoder.map(|encoder| TextEncoder::load(weights, &encoder.text)).transpose()?,
            decoder: Decoder::load(weights, &config.decoder, encoder.is_some())?,
        })
    }
}

/// Encoder states in f32, or as they are in bf16, which the kernels widen themselves.
fn readable(states: &Tensor) -> candle_core::Result<Tensor> {
    if states.dtype() == DType::BF16 { Ok(states.clone()) } else { states.to_dtype(DType::F32) }
}

impl stacks::Stacks for Stacks {
    fn num_encoder_layers(&self) -> usize {
        self.encoder.as_ref().map_or(0, TextEncoder::num_layers)
    }

    fn encode(&self, embedded: Tensor, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        self.encoder.as_ref().ok_or(ModelError::Lacks("encoder"))?.forward(&embedded, each_layer)
    }

    fn remember(
        &self,
        states: &Tensor,
        inverse_norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: EachLayer<'_>,
    ) -> Result<Memory, ModelError> {
        Ok(self.decoder.remember(&readable(states)?, kind, inverse_norms, each_layer)?.into())
    }

    fn inverse_norms(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        self.decoder.inverse_norms(&readable(states)?)
    }

    fn start<'a>(&'a self, memory: &'a Memory) -> Box<dyn stacks::Sequence + 'a> {
        let caches = self.decoder.caches();
        Box::new(Sequence { decoder: &self.decoder, caches, memory: memory.native(), position: 0 })
    }
}

/// The decoder with its caches over a memory.
struct Sequence<'a> {
    decoder: &'a Decoder,
    caches: Vec<SelfCache>,
    memory: Option<&'a memory::Memory>,
    position: usize,
}

impl stacks::Sequence for Sequence<'_> {
    fn position(&self) -> usize {
        self.position
    }

    fn append(&mut self, embedded: Tensor, observer: Option<&mut dyn AttentionObserver>) -> Result<Tensor, ModelError> {
        let count = embedded.dim(0)?;
        let states = self.decoder.forward(&embedded, self.position, &mut self.caches, self.memory, observer)?;
        self.position += count;
        Ok(states)
    }

    fn prefill(&mut self, embedded: Tensor) -> Result<(), ModelError> {
        let count = embedded.dim(0)?;
        self.decoder.prefill(&embedded, self.position, &mut self.caches, self.memory)?;
        self.position += count;
        Ok(())
    }
}
