//! A matrix of bytes in panels.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

use std::ops::Range;

use super::super::{ActivationFormat, Isa, PANEL, Vectorised};


/// A matrix `[out, in]` as bytes, packed for [`super::multiply`]: panels of 16 output columns, in each panel a group of
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
        for (output, weights) in weights.chunks_exact(inner).enumerate() {
            packed.set_column(output, weights, format.zero());
        }
        packed
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

    /// Quantises the weights of one output.
    fn set_column(&mut self, output: usize, weights: &[f32], zero: i32) {
        let (panel, column) = (output / PANEL, output % PANEL);
        let width = self.inner.next_multiple_of(self.group) * PANEL;
        let bytes = &mut self.bytes[panel * width..][..width];
        let blocks = self.inner.div_ceil(self.block);
        for (block, weights) in weights.chunks(self.block).enumerate() {
            let largest = weights.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
            let inverse = if largest > 0.0 { f32::from(i8::MAX) / largest } else { 0.0 };
            let mut sum = 0;
            for (k, weight) in (block * self.block..).zip(weights) {
                let byte = (weight * inverse).round_ties_even() as i8;
                sum += i32::from(byte);
                bytes[(k / self.group * PANEL + column) * self.group + k % self.group] = byte;
            }
            let at = (panel * blocks + block) * PANEL + column;
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
    pub(super) fn panel(&self, panel: usize) -> (&[i8], &[f32], &[i32]) {
        let width = self.inner.next_multiple_of(self.group) * PANEL;
        let blocks = self.inner.div_ceil(self.block) * PANEL;
        let part = panel * blocks..(panel + 1) * blocks;
        (&self.bytes[panel * width..(panel + 1) * width], &self.scales[part.clone()], &self.starts[part])
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
            *byte = (value * inverse).round_ties_even() as i32 as i8;
        }
    }
}
