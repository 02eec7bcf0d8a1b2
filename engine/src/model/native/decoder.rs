//! The decoder: in each layer one softmax over its own tokens so far and the whole encoded document.

use std::ops::Range;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::layer::{Layer, Norm};
use super::memory::{Folded, Memory, States, inverse_norms_of};
use super::rope::{RotationPair, Rotations};
use super::scratch::{Pool, Scratch, TILE_ROWS, room};
use super::self_cache::SelfCache;
use crate::kernels::attention::AttentionSink;
use crate::kernels::cpu::attention::{KEY_BLOCK, Segment, Tile, add_probabilities};
use crate::kernels::cpu::{Isa, Precision};
use crate::model::config::{LayerKind, StackConfig};
use crate::model::error::ModelError;
use crate::model::memory_kind::MemoryKind;
use crate::model::observe::AttentionObserver;
use crate::model::observe::EachLayer;
use crate::weights::{Weights, WeightsError};

/// From this many rows on each thread takes blocks of rows through a layer, instead of all threads sharing each product.
const MANY_ROWS: usize = 48;

/// Rows of such a block.
const BLOCK_ROWS: usize = 24;

/// Fewest encoded tokens that are worth a task of their own.
const LEAST_PART: usize = 8 * KEY_BLOCK;

/// The stack of decoder layers with its final norm.
#[derive(Debug)]
pub(crate) struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: Norm,
    config: StackConfig,
    precision: Precision,
    pool: Pool,
}

#[derive(Debug)]
struct DecoderLayer {
    kind: LayerKind,
    layer: Layer,
    folded: Option<Folded>,
}

impl Decoder {
    /// Loads the layers; with `has_encoder` they can also attend to the encoder's output.
    pub(crate) fn load(weights: &Weights, config: &StackConfig, has_encoder: bool) -> Result<Self, WeightsError> {
        let layer = |(i, &kind): (usize, &LayerKind)| {
            let name = format!("model.decoder.layers.{i}");
            let layer = Layer::load(weights, &name, config)?;
            let folded =
                if has_encoder { Some(Folded::load(weights, &name, &layer, config.attention_bias)?) } else { None };
            Ok(DecoderLayer { kind, layer, folded })
        };
        Ok(Self {
            layers: config.layers.iter().enumerate().map(layer).collect::<Result<_, _>>()?,
            norm: Norm::load(weights, "model.decoder.norm", config.hidden_size, config.rms_norm_eps, 1.0)?,
            config: config.clone(),
            precision: weights.precision(),
            pool: Pool::default(),
        })
    }

    /// One empty cache per layer.
    pub(crate) fn caches(&self) -> Vec<SelfCache> {
        let window = |kind| (kind == LayerKind::Local).then_some(self.config.sliding_window);
        self.layers.iter().map(|layer| SelfCache::new(window(layer.kind), layer.layer.heads.kv)).collect()
    }

    /// Prepares encoder states `[s, c]`, in f32 or bf16, for all layers.
    pub(crate) fn remember(
        &self,
        states: &Tensor,
        kind: MemoryKind,
        inverse_norms: Option<&Tensor>,
        each_layer: EachLayer<'_>,
    ) -> Result<Memory, ModelError> {
        let layers: Vec<&Layer> = self.layers.iter().map(|layer| &layer.layer).collect();
        let inverse_norms = inverse_norms.map(Tensor::to_vec2::<f32>).transpose()?;
        let (storage, layout) = states.storage_and_layout();
        let states = States::of(&storage, layout)?;
        Memory::prepare(&layers, states, self.precision, kind, inverse_norms, each_layer)
    }

    /// The inverse key norms of encoder states `[s, c]`: `[layers · k, s]`.
    pub(crate) fn inverse_norms(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        let tokens = states.dim(0)?;
        let (storage, layout) = states.storage_and_layout();
        let states = States::of(&storage, layout)?;
        let of_layer = |layer: &DecoderLayer| inverse_norms_of(&layer.layer, states, &self.pool);
        let all: Vec<f32> = self.layers.iter().flat_map(of_layer).flatten().collect();
        Ok(Tensor::from_vec(all, ((), tokens), &Device::Cpu)?)
    }

    /// Embedded tokens `[t, c]`, the first at `position`, to normed states `[t, c]`.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        position: usize,
        caches: &mut [SelfCache],
        memory: Option<&Memory>,
        observer: Option<&mut dyn AttentionObserver>,
    ) -> Result<Tensor, ModelError> {
        let (rows, width) = x.dims2()?;
        let x = self.layers(x, position, (&mut *caches, self.layers.len()), memory, observer)?;
        let mut states = vec![0.0; x.len()];
        self.norm.forward(&x, &mut states);
        Ok(Tensor::from_vec(states, (rows, width), &Device::Cpu)?)
    }

    /// The same for tokens whose own states are not needed: of the last layer only keys and values are computed.
    pub(crate) fn prefill(
        &self,
        x: &Tensor,
        position: usize,
        caches: &mut [SelfCache],
        memory: Option<&Memory>,
    ) -> Result<(), ModelError> {
        let before = self.layers.len().saturating_sub(1);
        let mut x = self.layers(x, position, (&mut *caches, before), memory, None)?;
        if let (Some(layer), Some(cache)) = (self.layers.last(), caches.last_mut()) {
            let rotations = RotationPair::new(&self.config, position, x.len() / layer.layer.width());
            let step = Step { layer, index: before, rotations: rotations.of(layer.kind), position, memory };
            cache.forget();
            self.pool.with(|scratch| step.keys_values_wide(&mut x, cache, scratch));
        }
        Ok(())
    }

    /// The first `count` layers, with their caches.
    fn layers(
        &self,
        x: &Tensor,
        position: usize,
        (caches, count): (&mut [SelfCache], usize),
        memory: Option<&Memory>,
        mut observer: Option<&mut dyn AttentionObserver>,
    ) -> Result<Vec<f32>, ModelError> {
        let rows = x.dim(0)?;
        let mut x = x.flatten_all()?.to_vec1::<f32>()?;
        let rotations = RotationPair::new(&self.config, position, rows);
        for (i, (layer, cache)) in self.layers.iter().zip(caches).take(count).enumerate() {
            let sink = observer.as_mut().and_then(|observer| observer.layer(i));
            cache.forget();
            let step = Step { layer, index: i, rotations: rotations.of(layer.kind), position, memory };
            if rows < MANY_ROWS || sink.is_some() {
                self.pool.with(|scratch| self.few_rows(&step, &mut x, cache, scratch, sink))?;
            } else {
                self.many_rows(&step, &mut x, cache);
            }
        }
        Ok(x)
    }

    /// All threads share each product and the keys of each attention.
    fn few_rows(
        &self,
        step: &Step<'_>,
        x: &mut [f32],
        cache: &mut SelfCache,
        scratch: &mut Scratch,
        sink: Option<&mut dyn AttentionSink>,
    ) -> candle_core::Result<()> {
        let layer = &step.layer.layer;
        step.keys_values_wide(x, cache, scratch);
        layer.query().forward_wide(&scratch.normed[..x.len()], &mut scratch.quantized, &mut scratch.queries);
        layer.finish_queries(&mut scratch.queries, step.rotations, 0);
        let queries = std::mem::take(&mut scratch.queries);
        let mut mixed = std::mem::take(&mut scratch.mixed);
        let mixed_rows = room(&mut mixed, queries.len());
        let mut seen = sink.is_some().then(|| Seen::new(x.len() / layer.width(), cache.len(), step.cross_len()));
        step.attend(&queries, 0, cache, rayon::current_num_threads(), &self.pool, mixed_rows, seen.as_mut());
        if let (Some(sink), Some(seen)) = (sink, seen) {
            seen.tell(sink, cache.first_position())?;
        }
        layer.after_attention_wide(x, mixed_rows, scratch);
        (scratch.queries, scratch.mixed) = (queries, mixed);
        Ok(())
    }

    /// Each thread takes blocks of rows through the layer.
    fn many_rows(&self, step: &Step<'_>, x: &mut [f32], cache: &mut SelfCache) {
        let layer = &step.layer.layer;
        let width = layer.width();
        self.pool.with(|scratch| {
            let outputs = layer.key_value().outputs();
            let mut both = std::mem::take(&mut scratch.projected);
            let rows = room(&mut both, x.len() / width * outputs);
            let blocks = x.par_chunks(BLOCK_ROWS * width).zip(rows.par_chunks_mut(BLOCK_ROWS * outputs));
            blocks.for_each(|(x, to)| {
                self.pool.with(|scratch| {
                    let normed = layer.before_attention(x, &mut scratch.normed);
                    layer.key_value().forward(normed, &mut scratch.quantized, to);
                });
            });
            step.cache_keys(rows, &mut scratch.gathered, cache);
            scratch.projected = both;
        });
        let cache = &*cache;
        x.par_chunks_mut(BLOCK_ROWS * width).enumerate().for_each(|(block, x)| {
            self.pool.with(|scratch| {
                let count = x.len() / width;
                let normed = layer.before_attention(x, &mut scratch.normed);
                let queries = room(&mut scratch.queries, count * layer.heads.queries());
                layer.query().forward(normed, &mut scratch.quantized, queries);
                layer.finish_queries(queries, step.rotations, block * BLOCK_ROWS);
                let queries = std::mem::take(&mut scratch.queries);
                let mut mixed = std::mem::take(&mut scratch.mixed);
                let len = count * layer.heads.queries();
                let to = room(&mut mixed, len);
                step.attend(&queries[..len], block * BLOCK_ROWS, cache, 1, &self.pool, to, None);
                (scratch.queries, scratch.mixed) = (queries, mixed);
                layer.after_attention(x, scratch);
            });
        });
    }
}

/// A layer's work on some new tokens.
struct Step<'a> {
    layer: &'a DecoderLayer,
    index: usize,
    rotations: &'a Rotations,
    /// Position of the first new token.
    position: usize,
    memory: Option<&'a Memory>,
}

impl Step<'_> {
    fn cross_len(&self) -> usize {
        self.memory.map_or(0, Memory::len)
    }

    /// Adds the keys and values of all new tokens `x` `[t, c]` to the cache, with the product spread over all threads;
    /// leaves the normed rows in `scratch`.
    fn keys_values_wide(&self, x: &mut [f32], cache: &mut SelfCache, scratch: &mut Scratch) {
        let layer = &self.layer.layer;
        let rows = layer.before_attention(x, &mut scratch.normed);
        layer.key_value().forward_wide(rows, &mut scratch.quantized, &mut scratch.projected);
        self.cache_keys(&mut scratch.projected, &mut scratch.gathered, cache);
    }

    /// Adds the keys and values of all new tokens, `[t, 2·k·d]`, to the cache.
    fn cache_keys(&self, both: &mut [f32], gathered: &mut Vec<f32>, cache: &mut SelfCache) {
        let layer = &self.layer.layer;
        let rows = both.len() / (2 * layer.heads.keys());
        layer.split_keys_values(both, Some((self.rotations, 0)), gathered, |head, keys, values| {
            cache.append(head, keys, values, layer.heads.width);
        });
        cache.advance(rows);
    }

    /// Attention of finished queries `[r, h·d]`, the first of which is new token number `first`, to `mixed` `[r, h·d]`.
    #[expect(
        clippy::too_many_arguments,
        reason = "queries attend to two memories, and an observer may want the scores"
    )]
    fn attend(
        &self,
        queries: &[f32],
        first: usize,
        cache: &SelfCache,
        threads: usize,
        pool: &Pool,
        mixed: &mut [f32],
        mut seen: Option<&mut Seen>,
    ) {
        let isa = Isa::current();
        let heads = self.layer.layer.heads;
        let rows = queries.len() / heads.queries();
        let group_width = heads.group * heads.width;
        let tile_rows = (TILE_ROWS / heads.group).max(1);
        for head in 0..heads.kv {
            for start in (0..rows).step_by(tile_rows) {
                let count = tile_rows.min(rows - start);
                let mut gathered = Vec::with_capacity(count * group_width);
                for row in queries.chunks_exact(heads.queries()).skip(start).take(count) {
                    gathered.extend_from_slice(&row[head * group_width..][..group_width]);
                }
                pool.with(|scratch| {
                    let tile = &mut scratch.tile;
                    tile.begin(count * heads.group, heads.width);
                    let sight = |row: usize| cache.seen(self.position + first + start + row / heads.group);
                    let own = Segment { blocks: cache.blocks(head), len: cache.len(), factors: None, sight };
                    let mut own_scores = seen.as_ref().map(|_| vec![0.0; count * heads.group * cache.len()]);
                    tile.attend(isa, &gathered, &own, 0..cache.len(), None, own_scores.as_deref_mut());
                    let cross_scores = self.attend_cross(head, &gathered, threads, pool, tile, seen.is_some());
                    if let (Some(seen), Some(own_scores)) = (&mut seen, own_scores) {
                        seen.add(tile, start, heads.group, heads.kv * heads.group, &own_scores, &cross_scores);
                    }
                    for (row, from) in tile.finish(isa).chunks_exact(group_width).enumerate() {
                        let to = &mut mixed[(start + row) * heads.queries() + head * group_width..][..group_width];
                        to.copy_from_slice(from);
                    }
                });
            }
        }
    }

    /// Adds the encoder's part to `tile`, with its keys split over `threads`; returns each part's scores where `keep` is set,
    /// `(tokens, [rows, tokens])`.
    fn attend_cross(
        &self,
        head: usize,
        queries: &[f32],
        threads: usize,
        pool: &Pool,
        tile: &mut Tile,
        keep: bool,
    ) -> Vec<(Range<usize>, Vec<f32>)> {
        let Some(memory) = self.memory.filter(|memory| memory.len() > 0) else { return Vec::new() };
        let isa = Isa::current();
        let width = self.layer.layer.heads.width;
        let rows = queries.len() / width;
        let (blocks, factors) = memory.head(self.index, head);
        let shared = match memory.kind() {
            MemoryKind::KeysValues => None,
            MemoryKind::Shared => self.layer.folded.as_ref(),
        };
        let mut folded = Vec::new();
        let shifts = shared
            .and_then(|shared| pool.with(|scratch| shared.queries(head, queries, &mut scratch.quantized, &mut folded)));
        let (queries, width) = match shared {
            Some(_) => (&folded[..], self.layer.layer.width()),
            None => (queries, width),
        };
        let len = memory.len();
        let parts = (len / LEAST_PART).clamp(1, threads * 2);
        let part_len = len.div_ceil(parts).next_multiple_of(KEY_BLOCK);
        let ranges: Vec<Range<usize>> = (0..len).step_by(part_len).map(|at| at..(at + part_len).min(len)).collect();
        let work = |within: Range<usize>| {
            let mut part = Tile::default();
            part.begin(rows, width);
            let segment = Segment { blocks, len, factors, sight: |_: usize| 0..len };
            let mut scores = keep.then(|| vec![0.0; rows * within.len()]);
            part.attend(isa, queries, &segment, within.clone(), shifts.as_deref(), scores.as_deref_mut());
            (part, within, scores.unwrap_or_default())
        };
        let parts: Vec<(Tile, Range<usize>, Vec<f32>)> = if ranges.len() == 1 {
            ranges.into_iter().map(work).collect()
        } else {
            ranges.into_par_iter().map(work).collect()
        };
        let mut scores = Vec::with_capacity(parts.len());
        let mut all: Option<Tile> = None;
        for (part, within, part_scores) in parts {
            match &mut all {
                Some(all) => all.merge(isa, &part),
                None => all = Some(part),
            }
            if keep {
                scores.push((within, part_scores));
            }
        }
        let Some(mut all) = all else { return scores };
        match shared {
            None => tile.merge(isa, &all),
            Some(shared) => {
                let totals: Vec<f32> = (0..rows).map(|row| all.normaliser(row).1).collect();
                let values = pool.with(|scratch| shared.values(head, all.mixed(), &totals, &mut scratch.quantized));
                let mut projected = Tile::default();
                projected.replace(&all, self.layer.layer.heads.width, &values);
                tile.merge(isa, &projected);
            }
        }
        scores
    }
}

/// Attention probabilities for an observer, averaged over heads.
struct Seen {
    rows: usize,
    /// `[t, own keys]`.
    own: Vec<f32>,
    /// `[t, encoded tokens]`.
    cross: Vec<f32>,
}

impl Seen {
    fn new(rows: usize, own: usize, cross: usize) -> Self {
        Self { rows, own: vec![0.0; rows * own], cross: vec![0.0; rows * cross] }
    }

    /// Adds the scores of a tile whose rows begin with query `first`, with `group` of `heads` heads per query.
    fn add(
        &mut self,
        tile: &Tile,
        first: usize,
        group: usize,
        heads: usize,
        own_scores: &[f32],
        cross_scores: &[(Range<usize>, Vec<f32>)],
    ) {
        let isa = Isa::current();
        let weight = 1.0 / heads as f32;
        let (own, cross) = (self.own.len() / self.rows, self.cross.len() / self.rows);
        for (row, scores) in own_scores.chunks_exact(own.max(1)).enumerate() {
            let to = &mut self.own[(first + row / group) * own..][..own];
            add_probabilities(isa, scores, tile.normaliser(row), weight, to);
        }
        for (tokens, scores) in cross_scores {
            for (row, scores) in scores.chunks_exact(tokens.len()).enumerate() {
                let to = &mut self.cross[(first + row / group) * cross..][tokens.clone()];
                add_probabilities(isa, scores, tile.normaliser(row), weight, to);
            }
        }
    }

    fn tell(self, sink: &mut dyn AttentionSink, first_position: usize) -> candle_core::Result<()> {
        let columns = self.own.len() / self.rows;
        sink.own(&Tensor::from_vec(self.own, (self.rows, columns), &Device::Cpu)?, first_position)?;
        if !self.cross.is_empty() {
            let columns = self.cross.len() / self.rows;
            sink.cross(&Tensor::from_vec(self.cross, (self.rows, columns), &Device::Cpu)?)?;
        }
        Ok(())
    }
}
