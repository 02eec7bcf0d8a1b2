//! What the decoder sees of the encoder: keys and values per layer, or one memory shared by all layers.
//!
//! Keys of the encoder get the key norm but no rotation, so encodings made apart are simply put one after the other.
//! A layer's keys and values are linear in the encoder's output up to one scalar per token and key head, the key norm's
//! divisor `s`: `q·k = s · ((q ⊙ (1+w)) W_k)·h` and `Σ a·v = W_v (Σ a·h)`. So all layers can read the output itself,
//! which is smaller than their keys and values by far; it is read once per layer all the same: this saves room, not time.

use candle_core::{DType, Result, Tensor};

use super::cpu;
use super::decoder::Decoder;
use super::layers::{Projections, chunks};
use crate::kernels::attention::CrossKeys;
use crate::kernels::linear::Linear;

/// How the encoder's output is kept for the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Keys and values of every layer: faster, `2 · k · d` numbers a token and layer.
    KeysValues,
    /// The encoder's output itself: `c` numbers a token, and `k` scalars a token and layer.
    Shared,
}

/// The encoder's output, ready for every decoder layer.
#[derive(Debug)]
pub struct Memory {
    kept: Kept,
    len: usize,
    kind: MemoryKind,
}

/// On the CPU in packed blocks, elsewhere as tensors.
#[derive(Debug)]
enum Kept {
    Tensors(Vec<LayerMemory>),
    Cpu(cpu::Memory),
}

#[derive(Debug)]
enum LayerMemory {
    KeysValues { keys: Tensor, values: Tensor },
    Shared(SharedLayer),
}

impl Memory {
    /// A memory that holds nothing: the decoder alone.
    pub fn empty() -> Self {
        Self { kept: Kept::Tensors(Vec::new()), len: 0, kind: MemoryKind::Shared }
    }

    /// Prepares encoder states `[s, c]` for every layer of `decoder`; `each_layer` may stop the work. `norms` are the
    /// inverse norms of all layers, `[layers·k, s]`, where they are known.
    pub(super) fn prepare<E: From<candle_core::Error>>(
        decoder: &Decoder,
        states: &Tensor,
        norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: &mut dyn FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<Self, E> {
        let mut layers = Vec::new();
        let mut first = 0;
        for (i, projections) in decoder.projections().enumerate() {
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
        Ok(Self { kept: Kept::Tensors(layers), len: states.dim(0)?, kind })
    }

    /// Encoded tokens.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was encoded.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How it is kept.
    pub fn kind(&self) -> MemoryKind {
        self.kind
    }

    /// Bytes that it takes: all that was made of the encoder's output, which layers share counted once.
    pub fn bytes(&self) -> usize {
        match &self.kept {
            Kept::Cpu(memory) => memory.bytes(),
            Kept::Tensors(layers) => {
                let shared = match layers.first() {
                    Some(LayerMemory::Shared(layer)) => held(&layer.states),
                    _ => 0,
                };
                shared + layers.iter().map(LayerMemory::own_bytes).sum::<usize>()
            }
        }
    }

    /// What layer `i` attends to besides the decoder's own tokens.
    pub(super) fn layer(&self, i: usize) -> Option<&dyn CrossKeys> {
        match &self.kept {
            Kept::Tensors(layers) => layers.get(i).map(|layer| layer as &dyn CrossKeys),
            Kept::Cpu(_) => None,
        }
    }

    /// The packed form.
    pub(super) fn packed(&self) -> Option<&cpu::Memory> {
        match &self.kept {
            Kept::Tensors(_) => None,
            Kept::Cpu(memory) => Some(memory),
        }
    }
}

impl From<cpu::Memory> for Memory {
    fn from(memory: cpu::Memory) -> Self {
        Self { len: memory.len(), kind: memory.kind(), kept: Kept::Cpu(memory) }
    }
}

fn held(tensor: &Tensor) -> usize {
    tensor.elem_count() * tensor.dtype().size_in_bytes()
}

impl LayerMemory {
    /// Bytes that no other layer shares.
    fn own_bytes(&self) -> usize {
        match self {
            Self::KeysValues { keys, values } => held(keys) + held(values),
            Self::Shared(layer) => {
                let folded = [&layer.inverse_norms, &layer.key_weight, &layer.value_weight];
                let biases = layer.key_bias.iter().chain(&layer.value_bias);
                folded.into_iter().chain(biases).map(held).sum()
            }
        }
    }
}

/// The inverse norms of all layers, `[layers·k, s]`, in f32.
pub(super) fn inverse_norms(decoder: &Decoder, states: &Tensor) -> Result<Tensor> {
    let layers: Vec<Tensor> =
        decoder.projections().map(|projections| layer_inverse_norms(projections, states)).collect::<Result<_>>()?;
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
