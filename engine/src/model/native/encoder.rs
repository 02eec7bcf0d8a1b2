//! The text encoder: bidirectional, local and global layers.

use std::ops::Range;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::layer::{Layer, Norm};
use super::memory::by_head;
use super::rope::{RotationPair, Rotations};
use super::scratch::{BLOCK_ROWS, Pool, Scratch, TILE_ROWS, block_rows, room};
use crate::kernels::attention::Visibility;
use crate::kernels::cpu::Isa;
use crate::kernels::cpu::attention::{KEY_BLOCK, KeyBlock, Segment};
use crate::kernels::threads;
use crate::model::config::{LayerKind, StackConfig};
use crate::model::error::ModelError;
use crate::model::observe::EachLayer;
use crate::weights::{Weights, WeightsError};

/// Rows between two checks for cancellation.
const SLICE_ROWS: usize = 24 * BLOCK_ROWS;

/// The stack of encoder layers with its final norm.
#[derive(Debug)]
pub(crate) struct TextEncoder {
    layers: Vec<(LayerKind, Layer)>,
    norm: Norm,
    config: StackConfig,
    pool: Pool,
}

impl TextEncoder {
    pub(crate) fn load(weights: &Weights, config: &StackConfig) -> Result<Self, WeightsError> {
        let layer = |(i, &kind): (usize, &LayerKind)| {
            Ok((kind, Layer::load(weights, &format!("model.encoder.layers.{i}"), config)?))
        };
        Ok(Self {
            layers: config.layers.iter().enumerate().map(layer).collect::<Result<_, _>>()?,
            norm: Norm::load(weights, "model.encoder.norm", config.hidden_size, config.rms_norm_eps, 1.0)?,
            config: config.clone(),
            pool: Pool::default(),
        })
    }

    pub(crate) fn num_layers(&self) -> usize {
        self.layers.len()
    }

    /// Embedded tokens `[n, c]` to states `[n, c]`.
    pub(crate) fn forward(&self, x: &Tensor, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        let (rows, width) = x.dims2()?;
        let mut x = x.flatten_all()?.to_vec1::<f32>()?;
        let rotations = RotationPair::new(&self.config, 0, rows);
        for (i, (kind, layer)) in self.layers.iter().enumerate() {
            let rotations = rotations.of(*kind);
            let visibility = match kind {
                LayerKind::Global => Visibility::All,
                LayerKind::Local => Visibility::encoder_window(self.config.sliding_window),
            };
            each_layer(i)?;
            let keys = self.keys_values(layer, &x, rotations);
            let block_rows = block_rows(rows);
            for (slice, x) in x.chunks_mut(SLICE_ROWS * width).enumerate() {
                each_layer(i)?;
                let blocks = x.par_chunks_mut(block_rows * width).enumerate();
                let work = |(block, x): (usize, &mut [f32])| {
                    let first = slice * SLICE_ROWS + block * block_rows;
                    self.pool.with(|scratch| attend_and_feed(layer, x, first, &keys, visibility, rotations, scratch));
                };
                threads::shared(|| blocks.for_each(work));
            }
        }
        let mut states = vec![0.0; x.len()];
        let blocks = x.par_chunks(BLOCK_ROWS * width).zip(states.par_chunks_mut(BLOCK_ROWS * width));
        threads::shared(|| blocks.for_each(|(x, states)| self.norm.forward(x, states)));
        Ok(Tensor::from_vec(states, (rows, width), &Device::Cpu)?)
    }

    /// Keys and values of all rows, packed, head by head.
    fn keys_values(&self, layer: &Layer, x: &[f32], rotations: &Rotations) -> Keys {
        let width = layer.width();
        let work = |(block, x): (usize, &[f32])| {
            self.pool.with(|scratch| {
                let mut normed = std::mem::take(&mut scratch.normed);
                let mut gathered = std::mem::take(&mut scratch.gathered);
                let both = layer.keys_values(layer.before_attention(x, &mut normed), scratch);
                let mut heads = Vec::with_capacity(layer.heads.kv);
                let rotation = Some((rotations, block * KEY_BLOCK));
                layer.split_keys_values(both, rotation, &mut gathered, |_, keys, values| {
                    heads.push(layer.pack(keys, values));
                });
                (scratch.normed, scratch.gathered) = (normed, gathered);
                heads
            })
        };
        let blocks = x.par_chunks(KEY_BLOCK * width).enumerate();
        let blocks: Vec<Vec<KeyBlock>> = threads::shared(|| blocks.map(work).collect());
        Keys { heads: by_head(blocks, layer.heads.kv), len: x.len() / width }
    }
}

/// Keys and values of a sequence.
struct Keys {
    heads: Vec<Vec<KeyBlock>>,
    len: usize,
}

/// Everything after the keys, for the rows `x` `[r, c]` from position `first` on.
fn attend_and_feed(
    layer: &Layer,
    x: &mut [f32],
    first: usize,
    keys: &Keys,
    visibility: Visibility,
    rotations: &Rotations,
    scratch: &mut Scratch,
) {
    let isa = Isa::current();
    let rows = x.len() / layer.width();
    let heads = layer.heads;
    let normed = layer.before_attention(x, &mut scratch.normed);
    let queries = room(&mut scratch.queries, rows * heads.queries());
    layer.query().forward(normed, &mut scratch.quantized, queries);
    layer.finish_queries(queries, rotations, first);
    let mixed = room(&mut scratch.mixed, rows * heads.queries());
    let group_width = heads.group * heads.width;
    let tile_rows = (TILE_ROWS / heads.group).max(1);
    for (head, blocks) in keys.heads.iter().enumerate() {
        for start in (0..rows).step_by(tile_rows) {
            let count = tile_rows.min(rows - start);
            let sight = |row: usize| -> Range<usize> { visibility.seen(first + start + row / heads.group, keys.len) };
            // Where one key head serves all queries, a tile's rows are contiguous already.
            let gathered = room(&mut scratch.gathered, count * group_width);
            for (row, to) in gathered.chunks_exact_mut(group_width).enumerate() {
                to.copy_from_slice(&queries[(start + row) * heads.queries() + head * group_width..][..group_width]);
            }
            scratch.tile.begin(count * heads.group, heads.width);
            let segment = Segment { blocks, len: keys.len, factors: None, sight };
            scratch.tile.attend(isa, gathered, &segment, 0..keys.len, None, None);
            for (row, from) in scratch.tile.finish(isa).chunks_exact(group_width).enumerate() {
                mixed[(start + row) * heads.queries() + head * group_width..][..group_width].copy_from_slice(from);
            }
        }
    }
    layer.after_attention(x, scratch);
}
