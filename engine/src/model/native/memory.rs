//! The encoder's output in packed blocks; see [`crate::model::memory`] for the two forms.
//!
//! The shared memory is packed as a single head whose keys and values are the encoder's states.

use candle_core::{CpuStorage, Layout, Storage};
use half::bf16;
use rayon::prelude::*;

use super::layer::Layer;
use super::linear::Linear;
use super::scratch::{Pool, room};
use crate::kernels::cpu::attention::{KEY_BLOCK, KeyBlock};
use crate::kernels::cpu::{Isa, Precision};
use crate::kernels::threads;
use crate::model::error::ModelError;
use crate::model::memory_kind::MemoryKind;
use crate::model::observe::EachLayer;
use crate::weights::{Weights, WeightsError};

/// Encoder states `[s, c]` in memory: widened block by block, never all at once.
#[derive(Clone, Copy)]
pub(super) enum States<'a> {
    F32(&'a [f32]),
    Bf16(&'a [bf16]),
}

impl<'a> States<'a> {
    /// The numbers of a tensor.
    pub(super) fn of(storage: &'a Storage, layout: &Layout) -> candle_core::Result<Self> {
        let (Storage::Cpu(storage), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            candle_core::bail!("encoder states must be contiguous in CPU memory")
        };
        match storage {
            CpuStorage::F32(values) => Ok(Self::F32(&values[start..end])),
            CpuStorage::BF16(values) => Ok(Self::Bf16(&values[start..end])),
            _ => candle_core::bail!("encoder states must be f32 or bf16"),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Bf16(values) => values.len(),
        }
    }

    /// The result of `work` for each block of [`KEY_BLOCK`] rows of the given width, computed on all threads.
    fn blocks<T: Send>(self, width: usize, work: impl Fn(&[f32]) -> T + Sync) -> Vec<T> {
        let size = KEY_BLOCK * width;
        let block = |at: usize| {
            let at = at * size..((at + 1) * size).min(self.len());
            match self {
                Self::F32(values) => work(&values[at]),
                Self::Bf16(values) => work(&values[at].iter().map(|value| value.to_f32()).collect::<Vec<f32>>()),
            }
        };
        threads::shared(|| (0..self.len().div_ceil(size)).into_par_iter().map(block).collect())
    }
}

/// The encoder's output, prepared for every decoder layer.
#[derive(Debug)]
pub(crate) struct Memory {
    kind: MemoryKind,
    /// `[layers][k][blocks]` of keys and values; empty where the states are shared.
    keys_values: Vec<Vec<Vec<KeyBlock>>>,
    /// The states, where they are shared.
    states: Vec<KeyBlock>,
    /// `1 / sqrt(mean((W_k h)²) + eps)`, `[layers][k][s]`, where the states are shared.
    inverse_norms: Vec<Vec<Vec<f32>>>,
    len: usize,
}

impl Memory {
    /// Prepares encoder states `[s, c]`; `inverse_norms` `[layers · k][s]` are computed where they are not given.
    pub(super) fn prepare(
        layers: &[&Layer],
        states: States<'_>,
        precision: Precision,
        kind: MemoryKind,
        inverse_norms: Option<Vec<Vec<f32>>>,
        each_layer: EachLayer<'_>,
    ) -> Result<Self, ModelError> {
        let width = layers.first().map_or(1, |layer| layer.width());
        let mut memory = Self {
            kind,
            keys_values: Vec::new(),
            states: Vec::new(),
            inverse_norms: Vec::new(),
            len: states.len() / width,
        };
        if kind == MemoryKind::Shared {
            memory.states =
                states.blocks(width, |rows| KeyBlock::pack(Isa::current(), precision, rows, width, rows, width));
        }
        let mut given = inverse_norms.map(Vec::into_iter);
        let pool = Pool::default();
        for (i, layer) in layers.iter().enumerate() {
            each_layer(i)?;
            match (kind, &mut given) {
                (MemoryKind::KeysValues, _) => memory.keys_values.push(keys_values(layer, states, precision, &pool)),
                (MemoryKind::Shared, Some(given)) => {
                    memory.inverse_norms.push(given.by_ref().take(layer.heads.kv).collect());
                }
                (MemoryKind::Shared, None) => memory.inverse_norms.push(inverse_norms_of(layer, states, &pool)),
            }
        }
        Ok(memory)
    }

    /// How it is stored.
    pub(crate) fn kind(&self) -> MemoryKind {
        self.kind
    }

    /// Encoded tokens.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Its size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let blocks = self.keys_values.iter().flatten().flatten().chain(&self.states);
        let norms: usize = self.inverse_norms.iter().flatten().map(|norms| size_of_val(&norms[..])).sum();
        blocks.map(KeyBlock::num_bytes).sum::<usize>() + norms
    }

    /// Keys and values of a layer's head, or the shared states with that head's factors.
    pub(super) fn head(&self, layer: usize, head: usize) -> (&[KeyBlock], Option<&[f32]>) {
        match self.kind {
            MemoryKind::KeysValues => (&self.keys_values[layer][head], None),
            MemoryKind::Shared => (&self.states, Some(&self.inverse_norms[layer][head])),
        }
    }
}

/// Keys, normed but not rotated, and values of all states, `[k][blocks]`.
fn keys_values(layer: &Layer, states: States<'_>, precision: Precision, pool: &Pool) -> Vec<Vec<KeyBlock>> {
    let width = layer.heads.width;
    let blocks: Vec<Vec<KeyBlock>> = states.blocks(layer.width(), |rows| {
        pool.with(|scratch| {
            let mut gathered = std::mem::take(&mut scratch.gathered);
            let mut heads = Vec::with_capacity(layer.heads.kv);
            let both = layer.keys_values(rows, scratch);
            layer.split_keys_values(both, None, &mut gathered, |_, keys, values| {
                heads.push(KeyBlock::pack(Isa::current(), precision, keys, width, values, width));
            });
            scratch.gathered = gathered;
            heads
        })
    });
    by_head(blocks, layer.heads.kv)
}

/// `[blocks][k]` to `[k][blocks]`.
pub(super) fn by_head<T>(blocks: Vec<Vec<T>>, heads: usize) -> Vec<Vec<T>> {
    let mut by_head: Vec<Vec<T>> = (0..heads).map(|_| Vec::with_capacity(blocks.len())).collect();
    for block in blocks {
        for (head, part) in by_head.iter_mut().zip(block) {
            head.push(part);
        }
    }
    by_head
}

/// The inverse key norms of all states: `[k][s]`.
pub(super) fn inverse_norms_of(layer: &Layer, states: States<'_>, pool: &Pool) -> Vec<Vec<f32>> {
    let heads = layer.heads;
    let blocks: Vec<Vec<Vec<f32>>> = states.blocks(layer.width(), |rows| {
        pool.with(|scratch| {
            let both = layer.keys_values(rows, scratch);
            let of_head = |head: usize| {
                let keys = both.chunks_exact(2 * heads.keys()).map(|row| &row[head * heads.width..][..heads.width]);
                keys.map(|key| layer.key_norm().inverse(key)).collect()
            };
            (0..heads.kv).map(of_head).collect()
        })
    });
    by_head(blocks, heads.kv).into_iter().map(|blocks| blocks.concat()).collect()
}

/// How a layer's queries meet the shared states: `q' = ((q ⊙ (1+w)) W_k` and `W_v (Σ a·h)`, head by head.
#[derive(Debug)]
pub(super) struct Folded {
    /// `[c, d]` for each head.
    key: Vec<Linear>,
    /// `[d, c]` for each head.
    value: Vec<Linear>,
    biases: Option<Biases>,
    width: usize,
    hidden: usize,
}

/// Biases of a layer's key and value products.
#[derive(Debug)]
struct Biases {
    /// `b_k ⊙ (1 + w)`, `[d]` for each head.
    key: Vec<Vec<f32>>,
    /// `b_v`, `[d]` for each head.
    value: Vec<Vec<f32>>,
}

impl Folded {
    /// Loads the folded products of the layer `name`.
    pub(super) fn load(weights: &Weights, name: &str, layer: &Layer, has_bias: bool) -> Result<Self, WeightsError> {
        let (heads, hidden) = (layer.heads, layer.width());
        let shape = [heads.keys(), hidden];
        let key = weights.numbers(&format!("{name}.self_attn.k_proj.weight"), &shape)?;
        let value = weights.numbers(&format!("{name}.self_attn.v_proj.weight"), &shape)?;
        let one_plus_weight = layer.key_norm().weight();
        let mut folded = Self { key: Vec::new(), value: Vec::new(), biases: None, width: heads.width, hidden };
        for head in 0..heads.kv {
            let part = head * heads.width * hidden..(head + 1) * heads.width * hidden;
            // `[d, c]` to `[c, d]`, with `1 + w` in each row.
            let mut turned = vec![0.0; heads.width * hidden];
            for (d, (row, factor)) in key[part.clone()].chunks_exact(hidden).zip(one_plus_weight).enumerate() {
                for (c, weight) in row.iter().enumerate() {
                    turned[c * heads.width + d] = weight * factor;
                }
            }
            folded.key.push(Linear::new(weights, &turned, heads.width, None));
            folded.value.push(Linear::new(weights, &value[part], hidden, None));
        }
        if has_bias {
            let bias = |part: &str| weights.numbers(&format!("{name}.self_attn.{part}_proj.bias"), &[heads.keys()]);
            let split = |bias: Vec<f32>| bias.chunks_exact(heads.width).map(<[f32]>::to_vec).collect::<Vec<_>>();
            let mut key = split(bias("k")?);
            for bias in &mut key {
                bias.iter_mut().zip(one_plus_weight).for_each(|(bias, factor)| *bias *= factor);
            }
            folded.biases = Some(Biases { key, value: split(bias("v")?) });
        }
        Ok(folded)
    }

    /// Folds queries `[r, d]` of a head to `[r, c]`, for products with the states; also returns what to add to each row's
    /// scores.
    pub(super) fn queries(
        &self,
        head: usize,
        queries: &[f32],
        quantized: &mut crate::kernels::cpu::int8::QuantizedRows,
        to: &mut Vec<f32>,
    ) -> Option<Vec<f32>> {
        let rows = queries.len() / self.width;
        self.key[head].forward(queries, quantized, room(to, rows * self.hidden));
        let key = &self.biases.as_ref()?.key;
        let dot = |row: &[f32]| row.iter().zip(&key[head]).map(|(q, b)| q * b).sum();
        Some(queries.chunks_exact(self.width).map(dot).collect())
    }

    /// Mixed states `[r, c]` of a head to mixed values `[r, d]`; `totals` are the sums of each row's weights.
    pub(super) fn values(
        &self,
        head: usize,
        mixed: &[f32],
        totals: &[f32],
        quantized: &mut crate::kernels::cpu::int8::QuantizedRows,
    ) -> Vec<f32> {
        let mut values = vec![0.0; mixed.len() / self.hidden * self.width];
        self.value[head].forward(mixed, quantized, &mut values);
        if let Some(Biases { value: bias, .. }) = &self.biases {
            for (row, total) in values.chunks_exact_mut(self.width).zip(totals) {
                row.iter_mut().zip(&bias[head]).for_each(|(value, bias)| *value += total * bias);
            }
        }
        values
    }
}
