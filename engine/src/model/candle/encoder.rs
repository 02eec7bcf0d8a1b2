//! The text encoder: bidirectional, local and global layers.

use candle_core::{Result, Tensor};

use super::layers::{Block, CHUNK_ROWS, RmsNorm, RopeTables, chunks};
use crate::kernels::attention::{OwnKeys, Visibility, attend};
use crate::model::config::{LayerKind, StackConfig};
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::weights::{Weights, WeightsError};

/// The stack of encoder layers with its final norm.
#[derive(Debug)]
pub(super) struct TextEncoder {
    layers: Vec<EncoderLayer>,
    norm: RmsNorm,
    rope: RopeTables,
}

impl TextEncoder {
    pub(super) fn load(weights: &Weights, config: &StackConfig) -> std::result::Result<Self, WeightsError> {
        let layers = config.layers.iter().enumerate();
        Ok(Self {
            layers: layers
                .map(|(i, &kind)| EncoderLayer::load(weights, &format!("model.encoder.layers.{i}"), config, kind))
                .collect::<std::result::Result<_, _>>()?,
            norm: RmsNorm::load(weights, "model.encoder.norm", config.hidden_size, config.rms_norm_eps)?,
            rope: RopeTables::new(config, weights.device()),
        })
    }

    pub(super) fn num_layers(&self) -> usize {
        self.layers.len()
    }

    /// Embedded tokens `[n, c]` to states `[n, c]`. `each_layer` is called before every layer and may stop the work.
    pub(super) fn forward(&self, mut x: Tensor, each_layer: EachLayer<'_>) -> std::result::Result<Tensor, ModelError> {
        for (i, layer) in self.layers.iter().enumerate() {
            each_layer(i)?;
            x = layer.forward(&x, &self.rope)?;
        }
        Ok(self.norm.forward(&x)?)
    }
}

#[derive(Debug)]
struct EncoderLayer {
    kind: LayerKind,
    visibility: Visibility,
    block: Block,
}

impl EncoderLayer {
    fn load(
        weights: &Weights,
        name: &str,
        config: &StackConfig,
        kind: LayerKind,
    ) -> std::result::Result<Self, WeightsError> {
        Ok(Self {
            kind,
            visibility: match kind {
                LayerKind::Global => Visibility::All,
                LayerKind::Local => Visibility::encoder_window(config.sliding_window),
            },
            block: Block::load(weights, name, config)?,
        })
    }

    /// Keys and values of all rows first, then everything else chunk by chunk: `[n, c]` to `[n, c]`.
    fn forward(&self, x: &Tensor, rope: &RopeTables) -> Result<Tensor> {
        let rows = x.dim(0)?;
        let normed = self.block.before_attention(x)?;
        let attention = self.block.attention();
        let own = OwnKeys {
            keys: attention.keys(&normed, Some(&rope.rows(self.kind, 0, rows)?))?,
            values: attention.values(&normed)?,
            first_position: 0,
            visibility: self.visibility,
        };
        let mut parts = Vec::with_capacity(rows.div_ceil(CHUNK_ROWS));
        for (start, count) in chunks(rows) {
            let queries = attention.queries(&normed.narrow(0, start, count)?, &rope.rows(self.kind, start, count)?)?;
            let mixed = attend(&queries, start, &own, None, self.block.scale(), None)?;
            parts.push(self.block.after_attention(&x.narrow(0, start, count)?, &mixed)?);
        }
        Tensor::cat(&parts, 0)
    }
}
