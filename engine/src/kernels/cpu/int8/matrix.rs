//! A matrix of bytes in panels.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

use std::ops::Range;

use rayon::prelude::*;

use super::super::rows::ROUNDER;
use super::super::{ActivationFormat, Isa, PANEL, Vectorised};
use super::rows::largest;

/// The largest block of any format.
const LARGEST_BLOCK: usize = 64;

/// Weights from which packing is shared among threads.
const PARALLEL_FROM: usize = 1 << 17;

/// A matrix `[out, in]` as bytes, packed for [`super::multiply()`]: panels of 16 output columns, in each panel a group of
/// every column side by side.
#[derive(Clone, Debug)]
pub struct PackedMatrix {
    /// `[panels][groups][16][group]`.
    bytes: Vec<i8>,
    /// `[panels][blocks][16]`.
    scales: Vec<f32>,
    /// What the sums begin with, `[panels][blocks][16]`: takes out what stands for an activation of 0.
    starts: Vec<i32>,
    outputs: usize,
    inner: usize,
    group: usize,
    /// Numbers that share a scale.
    block: usize,
}

impl PackedMatrix {
    /// Packs `[outputs, inner]` from its rows, for activations from [`super::QuantizedRows`] of the same `isa`.
    pub fn from_outputs(isa: Isa, weights: &[f32], inner: usize) -> Self {
        let format = isa.activation_format();
        let mut packed = Self::zeros(format, weights.len() / inner.max(1), inner);
        packed.set_outputs(isa, 0, weights);
        packed
    }

    /// An empty matrix, to be filled by [`PackedMatrix::set_outputs`].
    pub fn empty(isa: Isa, outputs: usize, inner: usize) -> Self {
        Self::zeros(isa.activation_format(), outputs, inner)
    }

    /// Packs the weights of some consecutive outputs, the first of which begins a panel.
    pub fn set_outputs(&mut self, isa: Isa, first: usize, weights: &[f32]) {
        let (inner, group, block) = (self.inner, self.group, self.block);
        let width = inner.next_multiple_of(group) * PANEL;
        let blocks = inner.div_ceil(block) * PANEL;
        let panel = first / PANEL;
        let zero = isa.activation_format().zero();
        let bytes = self.bytes[panel * width..].par_chunks_mut(width);
        let scales = self.scales[panel * blocks..].par_chunks_mut(blocks);
        let starts = self.starts[panel * blocks..].par_chunks_mut(blocks);
        let work = bytes.zip(scales).zip(starts).zip(weights.par_chunks(PANEL * inner));
        // Small matrices (a block of keys) are packed by one thread of many that do the same.
        let least = (PARALLEL_FROM / (PANEL * inner).max(1)).max(1);
        work.with_min_len(least).for_each(|(((bytes, scales), starts), weights)| {
            for (column, weights) in weights.chunks_exact(inner).enumerate() {
                for (at, weights) in weights.chunks(block).enumerate() {
                    let mut rounded = [0i8; LARGEST_BLOCK];
                    let largest = isa.run(RoundBlock { weights, rounded: &mut rounded });
                    let rounded = &rounded[..weights.len()];
                    let sum: i32 = rounded.iter().map(|byte| i32::from(*byte)).sum();
                    let to = &mut bytes[(at * block * PANEL + column * group)..];
                    match group {
                        2 => spread::<2>(rounded, to),
                        _ => spread::<4>(rounded, to),
                    }
                    scales[at * PANEL + column] = largest / f32::from(i8::MAX);
                    starts[at * PANEL + column] = -zero * sum;
                }
            }
        });
    }

    /// Packs `[outputs, inner]` from its columns: what inner index 0 has for each output, then inner index 1, ….
    pub fn from_inner(isa: Isa, weights: &[f32], outputs: usize) -> Self {
        let format = isa.activation_format();
        let mut packed = Self::zeros(format, outputs, weights.len() / outputs.max(1));
        let mut largest = vec![0f32; outputs];
        let mut sums = vec![0i32; outputs];
        for (block, weights) in weights.chunks(format.block() * outputs).enumerate() {
            largest.fill(0.0);
            sums.fill(0);
            for row in weights.chunks_exact(outputs) {
                isa.run(Largest { largest: &mut largest, row });
            }
            for (k, row) in (block * format.block()..).zip(weights.chunks_exact(outputs)) {
                packed.set_row(isa, k, row, &largest, &mut sums);
            }
            packed.set_scales(block, &largest, &sums, format.zero());
        }
        packed
    }

    fn zeros(format: ActivationFormat, outputs: usize, inner: usize) -> Self {
        let (group, block) = (format.group(), format.block());
        let panels = outputs.div_ceil(PANEL);
        let blocks = inner.div_ceil(block);
        Self {
            bytes: vec![0; panels * inner.next_multiple_of(group) * PANEL],
            scales: vec![0.0; panels * blocks * PANEL],
            starts: vec![0; panels * blocks * PANEL],
            outputs,
            inner,
            group,
            block,
        }
    }

    /// Quantises one inner index of all outputs.
    fn set_row(&mut self, isa: Isa, k: usize, row: &[f32], largest: &[f32], sums: &mut [i32]) {
        let width = self.inner.next_multiple_of(self.group) * PANEL;
        let first = k / self.group * PANEL * self.group + k % self.group;
        let parts = row.chunks(PANEL).zip(largest.chunks(PANEL)).zip(sums.chunks_mut(PANEL));
        for (panel, ((row, largest), sums)) in self.bytes.chunks_exact_mut(width).zip(parts) {
            let mut rounded = [0i8; PANEL];
            isa.run(RoundPart { row, largest, rounded: &mut rounded });
            for (column, byte) in rounded.iter().take(row.len()).enumerate() {
                panel[first + column * self.group] = *byte;
                sums[column] += i32::from(*byte);
            }
        }
    }

    fn set_scales(&mut self, block: usize, largest: &[f32], sums: &[i32], zero: i32) {
        let blocks = self.inner.div_ceil(self.block);
        for (output, (largest, sum)) in largest.iter().zip(sums).enumerate() {
            let at = (output / PANEL * blocks + block) * PANEL + output % PANEL;
            self.scales[at] = largest / f32::from(i8::MAX);
            self.starts[at] = -zero * sum;
        }
    }

    /// Output columns.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Numbers in a column.
    pub fn inner(&self) -> usize {
        self.inner
    }

    /// Bytes held.
    pub fn num_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&self.scales[..]) + size_of_val(&self.starts[..])
    }

    /// Blocks that cover a range of the inner dimension.
    pub(super) fn blocks(&self, inner: Range<usize>) -> Range<usize> {
        inner.start / self.block..inner.end.div_ceil(self.block)
    }

    /// A panel's bytes, scales and starts.
    #[inline]
    pub(super) fn panel(&self, panel: usize) -> (&[i8], &[f32], &[i32]) {
        let width = self.inner.next_multiple_of(self.group) * PANEL;
        let blocks = self.inner.div_ceil(self.block) * PANEL;
        let part = panel * blocks..(panel + 1) * blocks;
        (&self.bytes[panel * width..(panel + 1) * width], &self.scales[part.clone()], &self.starts[part])
    }
}

/// Puts a column's bytes where its groups of `G` lie in a panel, the first at the begin of `to`.
fn spread<const G: usize>(column: &[i8], to: &mut [i8]) {
    let (groups, rest) = column.as_chunks::<G>();
    for (group, to) in groups.iter().zip(to.chunks_mut(G * PANEL)) {
        to[..G].copy_from_slice(group);
    }
    if !rest.is_empty() {
        to[groups.len() * G * PANEL..][..rest.len()].copy_from_slice(rest);
    }
}

/// `largest[i] = max(largest[i], |row[i]|)`.
struct Largest<'a> {
    largest: &'a mut [f32],
    row: &'a [f32],
}

impl Vectorised for Largest<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (largest, value) in self.largest.iter_mut().zip(self.row) {
            *largest = largest.max(value.abs());
        }
    }
}

/// `rounded[i] = round(127 · weights[i] / largest)`; gives the largest absolute value.
struct RoundBlock<'a> {
    weights: &'a [f32],
    rounded: &'a mut [i8; LARGEST_BLOCK],
}

impl Vectorised for RoundBlock<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let largest = largest(self.weights);
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        for (byte, weight) in self.rounded.iter_mut().zip(self.weights) {
            *byte = weight.mul_add(inverse, ROUNDER).to_bits() as i8;
        }
        largest
    }
}

/// `rounded[i] = round(127 · row[i] / largest[i])`.
struct RoundPart<'a> {
    row: &'a [f32],
    largest: &'a [f32],
    rounded: &'a mut [i8; PANEL],
}

impl Vectorised for RoundPart<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((byte, value), largest) in self.rounded.iter_mut().zip(self.row).zip(self.largest) {
            let inverse = if *largest > 0.0 { 127.0 / largest } else { 0.0 };
            *byte = value.mul_add(inverse, ROUNDER).to_bits() as i8;
        }
    }
}
