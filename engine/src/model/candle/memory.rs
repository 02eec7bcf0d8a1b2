//! The encoder's output as tensors, layer by layer; see [`crate::model::memory`] for the two forms.

use candle_core::{DType, Result, Tensor};

use super::layers::{Projections, chunks};
use crate::kernels::attention::CrossKeys;
use crate::kernels::linear::Linear;
use crate::model::error::ModelError;
use crate::model::memory_kind::MemoryKind;
use crate::model::observe::EachLayer;

/// The encoder's output, prepared for every decoder layer.
#[derive(Debug)]
pub(crate) struct Memory {
    layers: Vec<LayerMemory>,
    len: usize,
    kind: MemoryKind,
}

#[derive(Debug)]
enum LayerMemory {
    KeysValues { keys: Tensor, values: Tensor },
    Shared(SharedLayer),
}

impl Memory {
    /// Prepares encoder states `[s, c]` for layers with these projections. `norms` are the inverse norms of all layers,
    /// `[layers·k, s]`, where they are known.
    pub(super) fn prepare<'a>(
        projections: impl Iterator<Item = &'a Projections>,
        states: &Tensor,
        norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: EachLayer<'_>,
    ) -> std::result::Result<Self, ModelError> {
        let mut layers = Vec::new();
        let mut first = 0;
        for (i, projections) in projections.enumerate() {
            each_layer(i)?;
            layers.push(match kind {
                MemoryKind::KeysValues => keys_values(projections, states)?,
                MemoryKind::Shared => {
                    let heads = key_heads(projections)?;
                    let own = match norms {
                        Some(norms) => norms.narrow(0, first, heads)?.to_device(states.device())?,
                        None => layer_inverse_norms(projections, states)?,
                    };
                    first += heads;
                    LayerMemory::Shared(SharedLayer::new(projections, states, &own)?)
                }
            });
        }
        Ok(Self { layers, len: states.dim(0)?, kind })
    }

    /// Encoded tokens.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How it is stored.
    pub(crate) fn kind(&self) -> MemoryKind {
        self.kind
    }

    /// Its size in bytes; what layers share is counted once.
    pub(crate) fn bytes(&self) -> usize {
        let shared = match self.layers.first() {
            Some(LayerMemory::Shared(layer)) => num_bytes(&layer.states),
            _ => 0,
        };
        shared + self.layers.iter().map(LayerMemory::own_bytes).sum::<usize>()
    }

    /// What layer `i` attends to besides the decoder's own tokens.
    pub(super) fn layer(&self, i: usize) -> Option<&dyn CrossKeys> {
        self.layers.get(i).map(|layer| layer as &dyn CrossKeys)
    }
}

fn num_bytes(tensor: &Tensor) -> usize {
    tensor.elem_count() * tensor.dtype().size_in_bytes()
}

impl LayerMemory {
    /// Bytes that no other layer shares.
    fn own_bytes(&self) -> usize {
        match self {
            Self::KeysValues { keys, values } => num_bytes(keys) + num_bytes(values),
            Self::Shared(layer) => {
                let folded = [&layer.inverse_norms, &layer.key_weight, &layer.value_weight];
                let biases = layer.key_bias.iter().chain(&layer.value_bias);
                folded.into_iter().chain(biases).map(num_bytes).sum()
            }
        }
    }
}

/// The inverse norms of all layers, `[layers·k, s]`, in f32.
pub(super) fn inverse_norms<'a>(projections: impl Iterator<Item = &'a Projections>, states: &Tensor) -> Result<Tensor> {
    let layers: Vec<Tensor> =
        projections.map(|projections| layer_inverse_norms(projections, states)).collect::<Result<_>>()?;
    Tensor::cat(&layers, 0)
}

/// `1 / sqrt(mean((W_k h)²) + eps)`, `[k, s]`, in f32.
fn layer_inverse_norms(projections: &Projections, states: &Tensor) -> Result<Tensor> {
    let mut parts = Vec::new();
    for (start, count) in chunks(states.dim(0)?) {
        let keys = projections.unnormed_keys(&states.narrow(0, start, count)?)?;
        parts.push(projections.key_norm().inverse_root_mean_square(&keys)?);
    }
    Tensor::cat(&parts, 1)
}

fn key_heads(projections: &Projections) -> Result<usize> {
    let width = projections.key_norm().one_plus_weight().dim(0)?;
    Ok(projections.key_product().weight().dim(0)? / width)
}

fn keys_values(projections: &Projections, states: &Tensor) -> Result<LayerMemory> {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    for (start, count) in chunks(states.dim(0)?) {
        let rows = states.narrow(0, start, count)?;
        keys.push(projections.keys(&rows, None)?);
        values.push(projections.values(&rows)?);
    }
    Ok(LayerMemory::KeysValues { keys: Tensor::cat(&keys, 1)?, values: Tensor::cat(&values, 1)? })
}

impl CrossKeys for LayerMemory {
    fn len(&self) -> usize {
        match self {
            Self::KeysValues { keys, .. } => keys.dims().get(1).copied().unwrap_or(0),
            Self::Shared(shared) => shared.states.dims().first().copied().unwrap_or(0),
        }
    }

    fn keys_values(&self) -> Option<(&Tensor, &Tensor)> {
        match self {
            Self::KeysValues { keys, values } => Some((keys, values)),
            Self::Shared(_) => None,
        }
    }

    fn scores(&self, queries: &Tensor) -> Result<Tensor> {
        match self {
            Self::KeysValues { keys, .. } => queries.matmul(&keys.t()?),
            Self::Shared(shared) => shared.scores(queries),
        }
    }

    fn mix(&self, probabilities: &Tensor) -> Result<Tensor> {
        match self {
            Self::KeysValues { values, .. } => probabilities.matmul(values),
            Self::Shared(shared) => shared.mix(probabilities),
        }
    }
}

/// A layer's view of the shared memory.
#[derive(Debug)]
struct SharedLayer {
    /// The encoder's output, `[s, c]`: the same storage in every layer.
    states: Tensor,
    /// `1 / sqrt(mean((W_k h)²) + eps)` per token, `[k, 1, s]`, in f32.
    inverse_norms: Tensor,
    /// `W_k`, `[k, d, c]`, with `1 + w` of the key norm multiplied into its rows.
    key_weight: Tensor,
    /// `b_k ⊙ (1 + w)`, `[k, d, 1]`.
    key_bias: Option<Tensor>,
    /// `W_v` transposed, `[k, c, d]`.
    value_weight: Tensor,
    /// `b_v`, `[k, 1, d]`.
    value_bias: Option<Tensor>,
}

impl SharedLayer {
    /// `inverse_norms` is `[k, s]`.
    fn new(projections: &Projections, states: &Tensor, inverse_norms: &Tensor) -> Result<Self> {
        let dtype = states.dtype();
        let norm = projections.key_norm();
        let width = norm.one_plus_weight().dim(0)?;
        let one_plus_weight = norm.one_plus_weight().reshape((1, width, 1))?;
        let per_head = |linear: &Linear| {
            let (outputs, inputs) = linear.weight().dims2()?;
            linear.weight().to_dtype(DType::F32)?.reshape((outputs / width, width, inputs))
        };
        let (key, value) = (projections.key_product(), projections.value_product());
        let key_weight = per_head(key)?.broadcast_mul(&one_plus_weight)?.to_dtype(dtype)?;
        let value_weight = per_head(value)?.transpose(1, 2)?.contiguous()?.to_dtype(dtype)?;
        let key_bias = match key.bias() {
            Some(bias) => Some(bias.reshape(((), width, 1))?.broadcast_mul(&one_plus_weight)?.to_dtype(dtype)?),
            None => None,
        };
        let value_bias = match value.bias() {
            Some(bias) => Some(bias.reshape(((), 1, width))?.to_dtype(dtype)?),
            None => None,
        };
        let inverse_norms = inverse_norms.unsqueeze(1)?;
        Ok(Self { states: states.clone(), inverse_norms, key_weight, key_bias, value_weight, value_bias })
    }

    /// `[k, g·r, d]` to `[k, g·r, s]`.
    fn scores(&self, queries: &Tensor) -> Result<Tensor> {
        let (heads, rows, _) = queries.dims3()?;
        let (tokens, hidden) = self.states.dims2()?;
        let folded = queries.matmul(&self.key_weight)?.reshape((heads * rows, hidden))?;
        let scores = folded.matmul(&self.states.t()?)?.reshape((heads, rows, tokens))?;
        let scores = match &self.key_bias {
            Some(bias) => scores.broadcast_add(&queries.matmul(bias)?)?,
            None => scores,
        };
        scores.to_dtype(DType::F32)?.broadcast_mul(&self.inverse_norms)?.to_dtype(queries.dtype())
    }

    /// `[k, g·r, s]` to `[k, g·r, d]`.
    fn mix(&self, probabilities: &Tensor) -> Result<Tensor> {
        let (heads, rows, tokens) = probabilities.dims3()?;
        let (_, hidden) = self.states.dims2()?;
        let mixed = probabilities.reshape((heads * rows, tokens))?.matmul(&self.states)?;
        let values = mixed.reshape((heads, rows, hidden))?.matmul(&self.value_weight)?;
        match &self.value_bias {
            Some(bias) => values.broadcast_add(&probabilities.sum_keepdim(2)?.broadcast_mul(bias)?),
            None => Ok(values),
        }
    }
}
