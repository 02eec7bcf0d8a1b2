//! The decoder: in each layer one softmax over its own tokens so far and the whole encoded document.
//!
//! The same self-attention weights serve both parts. The decoder's own part is causal and, in local layers, windowed;
//! the encoder's part is never windowed, normalised but not rotated.

use candle_core::{Result, Tensor};

use super::layers::{Block, Projections, RmsNorm, RopeTables};
use super::memory::Memory;
use super::self_cache::SelfCache;
use crate::kernels::attention::{AttentionSink, attend};
use crate::model::config::{LayerKind, StackConfig};
use crate::model::observe::AttentionObserver;
use crate::weights::{Weights, WeightsError};

/// The stack of decoder layers with its final norm.
#[derive(Debug)]
pub(super) struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: RmsNorm,
    rope: RopeTables,
}

impl Decoder {
    pub(super) fn load(weights: &Weights, config: &StackConfig) -> std::result::Result<Self, WeightsError> {
        let layers = config.layers.iter().enumerate();
        Ok(Self {
            layers: layers
                .map(|(i, &kind)| DecoderLayer::load(weights, &format!("model.decoder.layers.{i}"), config, kind))
                .collect::<std::result::Result<_, _>>()?,
            norm: RmsNorm::load(weights, "model.decoder.norm", config.hidden_size, config.rms_norm_eps)?,
            rope: RopeTables::new(config, weights.device()),
        })
    }

    /// One empty cache per layer.
    pub(super) fn caches(&self) -> Vec<SelfCache> {
        self.layers.iter().map(|layer| SelfCache::new(layer.window)).collect()
    }

    /// The products of each layer, first to last.
    pub(super) fn projections(&self) -> impl Iterator<Item = &Projections> {
        self.layers.iter().map(|layer| layer.block.attention())
    }

    /// Embedded tokens `[t, c]`, the first at `position`, to normed states `[t, c]`.
    pub(super) fn forward(
        &self,
        mut x: Tensor,
        position: usize,
        caches: &mut [SelfCache],
        memory: Option<&Memory>,
        mut observer: Option<&mut dyn AttentionObserver>,
    ) -> Result<Tensor> {
        for (i, (layer, cache)) in self.layers.iter().zip(caches).enumerate() {
            let sink = observer.as_mut().and_then(|observer| observer.layer(i));
            x = layer.forward(&x, position, cache, memory, i, &self.rope, sink)?;
        }
        self.norm.forward(&x)
    }
}

#[derive(Debug)]
struct DecoderLayer {
    kind: LayerKind,
    window: Option<usize>,
    block: Block,
}

impl DecoderLayer {
    fn load(
        weights: &Weights,
        name: &str,
        config: &StackConfig,
        kind: LayerKind,
    ) -> std::result::Result<Self, WeightsError> {
        Ok(Self {
            kind,
            window: (kind == LayerKind::Local).then_some(config.sliding_window),
            block: Block::load(weights, name, config)?,
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a layer joins the tokens, their position, both memories and an observer"
    )]
    fn forward(
        &self,
        x: &Tensor,
        position: usize,
        cache: &mut SelfCache,
        memory: Option<&Memory>,
        index: usize,
        rope: &RopeTables,
        sink: Option<&mut dyn AttentionSink>,
    ) -> Result<Tensor> {
        let normed = self.block.before_attention(x)?;
        let table = rope.rows(self.kind, position, x.dim(0)?)?;
        let attention = self.block.attention();
        let own = cache.append(&attention.keys(&normed, Some(&table))?, &attention.values(&normed)?)?;
        let queries = attention.queries(&normed, &table)?;
        let mixed =
            attend(&queries, position, &own, memory.and_then(|memory| memory.layer(index)), self.block.scale(), sink)?;
        self.block.after_attention(x, &mixed)
    }
}
