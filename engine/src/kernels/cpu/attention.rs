//! Attention over packed keys and values in blocks, with an online softmax: never queries × keys in memory.
//!
//! A tile of queries meets one block of keys after the other. What was summed up is scaled down whenever a later block
//! brings a larger score, so one pass over the keys suffices (Milakov and Gimelshein 2018; Dao et al. 2022). Query heads
//! that share a key head are rows of the same tile. Scores come scaled: the factor belongs to the queries.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

use std::ops::Range;

use super::int8::{ALIGNMENT, QuantizedRows};
use super::rows::exp;
use super::{Destination, Isa, Matrix, PANEL, Precision, Vectorised, dense};

/// Keys of a block.
pub const KEY_BLOCK: usize = 256;

/// Numbers between rows of a buffer whose rows would else lie a power of two apart: their cache lines would share few places.
const APART: usize = PANEL;

/// Scores from one row to the next.
const SCORE_STRIDE: usize = KEY_BLOCK + APART;

/// Some consecutive keys and values of one head.
#[derive(Clone, Debug)]
pub struct KeyBlock {
    /// Keys, `[keys, d]`.
    pub keys: Matrix,
    /// Values, `[dv, keys]`.
    pub values: Matrix,
}

impl KeyBlock {
    /// Packs at most [`KEY_BLOCK`] keys `[keys, d]` and values `[keys, dv]`.
    pub fn pack(isa: Isa, precision: Precision, keys: &[f32], d: usize, values: &[f32], dv: usize) -> Self {
        Self {
            keys: Matrix::from_outputs(isa, precision, keys, d),
            values: Matrix::from_inner(isa, precision, values, dv),
        }
    }

    /// Room for [`KEY_BLOCK`] keys of width `d` and values of width `dv` in f32, to be set one by one.
    pub fn empty(d: usize, dv: usize) -> Self {
        Self {
            keys: Matrix::F32(dense::PackedMatrix::zeros(KEY_BLOCK, d)),
            values: Matrix::F32(dense::PackedMatrix::zeros(dv, KEY_BLOCK)),
        }
    }

    /// Sets a key and its value in a block that began [empty](Self::empty).
    pub fn set(&mut self, at: usize, key: &[f32], value: &[f32]) {
        if let (Matrix::F32(keys), Matrix::F32(values)) = (&mut self.keys, &mut self.values) {
            keys.set_output(at, key);
            values.set_inner(at, value);
        }
    }

    /// Bytes held.
    pub fn num_bytes(&self) -> usize {
        self.keys.num_bytes() + self.values.num_bytes()
    }
}

/// Which keys a query at some position sees.
pub trait Sight {
    /// Keys that the query in row `row` of a tile sees, as a range of key indices.
    fn seen(&self, row: usize) -> Range<usize>;
}

impl<F: Fn(usize) -> Range<usize>> Sight for F {
    fn seen(&self, row: usize) -> Range<usize> {
        self(row)
    }
}

/// A run of blocks that a tile attends to.
#[derive(Clone, Copy)]
pub struct Segment<'a, S> {
    /// All blocks but the last are full.
    pub blocks: &'a [KeyBlock],
    /// Number of keys.
    pub len: usize,
    /// Factor on the scores of each key, where keys were stored without it.
    pub factors: Option<&'a [f32]>,
    /// Who sees what.
    pub sight: S,
}

/// A tile of queries on its way over the keys; buffers are reused.
#[derive(Debug, Default)]
pub struct Tile {
    rows: usize,
    width: usize,
    stride: usize,
    /// Largest score so far, per row.
    largest: Vec<f32>,
    /// Sum of `e^(score - largest)`, per row.
    total: Vec<f32>,
    /// Sum of `e^(score - largest) · value`, `[rows, dv]`, rows `stride` apart.
    mixed: Vec<f32>,
    /// Scores of a block, then their exponentials, rows SCORE_STRIDE apart.
    scores: Vec<f32>,
    /// Keys that each row sees.
    seen: Vec<Range<usize>>,
    queries: QuantizedRows,
    probabilities: QuantizedRows,
}

impl Tile {
    /// Begins with `rows` queries whose results are `width` wide.
    pub fn begin(&mut self, rows: usize, width: usize) {
        (self.rows, self.width, self.stride) = (rows, width, width + APART);
        self.largest.clear();
        self.largest.resize(rows, f32::NEG_INFINITY);
        self.total.clear();
        self.total.resize(rows, 0.0);
        self.mixed.clear();
        self.mixed.resize(rows * self.stride, 0.0);
        self.scores.resize(rows * SCORE_STRIDE, 0.0);
    }

    /// Attends to the keys of the range `within` of a segment. `queries` are `[rows, d]`; `shifts`, where there are some,
    /// are added to the scores of each row, before the factors. Where `kept` is given, the scores of these keys are
    /// written there, `[rows, within.len()]`, minus infinity for keys not seen.
    pub fn attend<S: Sight>(
        &mut self,
        isa: Isa,
        queries: &[f32],
        segment: &Segment<'_, S>,
        within: Range<usize>,
        shifts: Option<&[f32]>,
        mut kept: Option<&mut [f32]>,
    ) {
        if let Some(kept) = kept.as_deref_mut() {
            kept.fill(f32::NEG_INFINITY);
        }
        let Some(first) = segment.blocks.first() else { return };
        let inner = first.keys.inner();
        let mut quantized = std::mem::take(&mut self.queries);
        let operand = first.keys.operand(isa, queries, inner, self.rows, &mut quantized);
        self.seen.clear();
        self.seen.extend((0..self.rows).map(|row| {
            let seen = segment.sight.seen(row);
            let seen = seen.start.max(within.start)..seen.end.min(within.end).min(segment.len);
            seen.start..seen.end.max(seen.start)
        }));
        let reach = self.seen.iter().filter(|seen| !seen.is_empty()).cloned();
        let reach = reach.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0);
        let mut start = reach.start / ALIGNMENT * ALIGNMENT;
        while start < reach.end {
            let block = start / KEY_BLOCK;
            let offset = block * KEY_BLOCK;
            let Some(keys) = segment.blocks.get(block) else { break };
            let end = reach.end.next_multiple_of(ALIGNMENT).min(offset + KEY_BLOCK).min(offset + keys.keys.outputs());
            let part = start - offset..end - offset;
            let count = end - start;
            // Scores begin and end with panels, values with whole blocks of their scales.
            let panels = (reach.start.max(start) - offset) / PANEL..(reach.end.min(end) - offset).div_ceil(PANEL);
            let scores = &mut self.scores[panels.start * PANEL..];
            let to = Destination { values: scores, stride: SCORE_STRIDE, accumulate: false };
            keys.keys.multiply(isa, operand, panels, 0..inner, to);
            let mut any = false;
            for row in 0..self.rows {
                let seen = &self.seen[row];
                let seen = seen.start.clamp(start, end)..seen.end.clamp(start, end);
                any |= !seen.is_empty();
                let local = seen.start - start..seen.end - start;
                let scores = &mut self.scores[row * SCORE_STRIDE + part.start..][..count];
                let shrink = isa.run(Exponentials {
                    scores,
                    seen: local.clone(),
                    factors: segment.factors.map(|factors| &factors[seen.clone()]),
                    shift: shifts.map_or(0.0, |shifts| shifts[row]),
                    kept: kept.as_deref_mut().map(|kept| {
                        &mut kept[row * within.len() + seen.start.saturating_sub(within.start)..][..seen.len()]
                    }),
                    largest: &mut self.largest[row],
                    total: &mut self.total[row],
                });
                if shrink != 1.0 {
                    isa.run(Scale { row: &mut self.mixed[row * self.stride..][..self.width], by: shrink });
                }
            }
            if any {
                let probabilities =
                    keys.values.operand(isa, &self.scores, SCORE_STRIDE, self.rows, &mut self.probabilities);
                keys.values.multiply(
                    isa,
                    probabilities,
                    0..keys.values.panels(),
                    part,
                    Destination { values: &mut self.mixed, stride: self.stride, accumulate: true },
                );
            }
            start = end;
        }
        self.queries = quantized;
    }

    /// What was mixed, `[rows, dv]`, before the division by the sums; nothing more can be taken in.
    pub fn mixed(&mut self) -> &[f32] {
        for row in 1..self.rows {
            self.mixed.copy_within(row * self.stride..row * self.stride + self.width, row * self.width);
        }
        self.stride = self.width;
        &self.mixed[..self.rows * self.width]
    }

    /// Takes the sums of another tile with the same queries, and `mixed` `[rows, dv]` in the place of what it mixed.
    pub fn replace(&mut self, other: &Self, width: usize, mixed: &[f32]) {
        self.begin(other.rows, width);
        self.largest.copy_from_slice(&other.largest);
        self.total.copy_from_slice(&other.total);
        for (to, from) in self.mixed.chunks_exact_mut(self.stride).zip(mixed.chunks_exact(width)) {
            to[..width].copy_from_slice(from);
        }
    }

    /// Takes in what another tile with the same queries found in other keys.
    pub fn merge(&mut self, isa: Isa, other: &Self) {
        for row in 0..self.rows {
            let largest = self.largest[row].max(other.largest[row]);
            let shrink = |old: f32| if old == f32::NEG_INFINITY { 0.0 } else { (old - largest).exp() };
            let (own, others) = (shrink(self.largest[row]), shrink(other.largest[row]));
            self.total[row] = self.total[row] * own + other.total[row] * others;
            self.largest[row] = largest;
            let to = &mut self.mixed[row * self.stride..][..self.width];
            isa.run(Scale { row: to, by: own });
            for (to, value) in to.iter_mut().zip(&other.mixed[row * self.stride..]) {
                *to += others * value;
            }
        }
    }

    /// The means of the values, weighted by the softmax: `[rows, dv]`.
    pub fn finish(&mut self, isa: Isa) -> &[f32] {
        for (row, total) in self.mixed.chunks_exact_mut(self.stride.max(1)).zip(&self.total) {
            let by = if *total > 0.0 { 1.0 / total } else { 0.0 };
            isa.run(Scale { row: &mut row[..self.width], by });
        }
        self.mixed()
    }

    /// Largest score of a row, and the sum of its exponentials relative to it: what a score must be set against.
    pub fn normaliser(&self, row: usize) -> (f32, f32) {
        (self.largest[row], self.total[row])
    }
}

/// Adds `e^(score - largest) / total` of each score, times `weight`, to `to`; nothing where the row saw nothing.
pub fn add_probabilities(isa: Isa, scores: &[f32], (largest, total): (f32, f32), weight: f32, to: &mut [f32]) {
    if total > 0.0 {
        isa.run(AddProbabilities { scores, largest, by: weight / total, to });
    }
}

struct AddProbabilities<'a> {
    scores: &'a [f32],
    largest: f32,
    by: f32,
    to: &'a mut [f32],
}

impl Vectorised for AddProbabilities<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (to, score) in self.to.iter_mut().zip(self.scores) {
            *to += exp(*score - self.largest) * self.by;
        }
    }
}

/// One row of one block: scores become exponentials relative to the largest score so far; returns by how much what was
/// summed up before must shrink.
struct Exponentials<'a> {
    scores: &'a mut [f32],
    seen: Range<usize>,
    /// Of the keys seen.
    factors: Option<&'a [f32]>,
    shift: f32,
    /// For the keys seen.
    kept: Option<&'a mut [f32]>,
    largest: &'a mut f32,
    total: &'a mut f32,
}

impl Vectorised for Exponentials<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let Self { scores, seen, factors, shift, kept, largest, total } = self;
        scores[..seen.start].fill(0.0);
        scores[seen.end..].fill(0.0);
        let seen = &mut scores[seen];
        if seen.is_empty() {
            return 1.0;
        }
        if let Some(factors) = factors {
            for (score, factor) in seen.iter_mut().zip(factors) {
                *score = (*score + shift) * factor;
            }
        } else if shift != 0.0 {
            for score in seen.iter_mut() {
                *score += shift;
            }
        }
        if let Some(kept) = kept {
            kept.copy_from_slice(seen);
        }
        let mut lanes = [f32::NEG_INFINITY; 16];
        let (blocks, rest) = seen.as_chunks::<16>();
        for block in blocks {
            for (lane, score) in lanes.iter_mut().zip(block) {
                *lane = lane.max(*score);
            }
        }
        let before = *largest;
        let now = lanes.iter().chain(rest).fold(before, |most, score| most.max(*score));
        let mut sums = [0f32; 16];
        let (blocks, rest) = seen.as_chunks_mut::<16>();
        for block in blocks {
            for (sum, score) in sums.iter_mut().zip(block) {
                *score = exp(*score - now);
                *sum += *score;
            }
        }
        let mut sum = 0.0;
        for score in rest {
            *score = exp(*score - now);
            sum += *score;
        }
        let shrink = if before == now { 1.0 } else { exp(before - now) };
        *total = *total * shrink + sums.iter().sum::<f32>() + sum;
        *largest = now;
        shrink
    }
}

struct Scale<'a> {
    row: &'a mut [f32],
    by: f32,
}

impl Vectorised for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.row {
            *x *= self.by;
        }
    }
}
