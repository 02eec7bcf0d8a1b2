//! Activations as bytes.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

use super::super::rows::ROUNDER;
use super::super::{ActivationFormat, Isa, Vectorised};
use super::GROUP_BYTES;

/// Rows of bytes, each with a scale per block of numbers ([`ActivationFormat::block`]); a buffer that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct QuantizedRows {
    bytes: Vec<u8>,
    scales: Vec<f32>,
    rows: usize,
    /// Numbers in a row.
    inner: usize,
    /// Bytes of a row: whole groups.
    width: usize,
    /// Numbers that share a scale.
    block: usize,
}

/// Some rows, as a product reads them.
#[derive(Clone, Copy, Debug)]
pub struct RowsView<'a> {
    /// Bytes, row after row.
    pub bytes: &'a [u8],
    /// Bytes from one row to the next.
    pub byte_stride: usize,
    /// Scales, row after row.
    pub scales: &'a [f32],
    /// Scales from one row to the next.
    pub scale_stride: usize,
    /// Number of rows.
    pub rows: usize,
}

impl QuantizedRows {
    /// Quantises `values`, rows of `inner` numbers, in place of what was held before.
    pub fn quantize(&mut self, isa: Isa, values: &[f32], inner: usize) {
        self.resize(isa, values.len() / inner, inner);
        for (row, values) in values.chunks_exact(inner).enumerate() {
            self.quantize_row(isa, row, values);
        }
    }

    /// Makes room for `rows` rows of `inner` numbers; what they hold is left open.
    pub fn resize(&mut self, isa: Isa, rows: usize, inner: usize) {
        self.rows = rows;
        self.inner = inner;
        self.block = isa.activation_format().block();
        self.width = inner.div_ceil(isa.activation_format().group()) * GROUP_BYTES;
        self.bytes.resize(rows * self.width, 0);
        self.scales.resize(rows * inner.div_ceil(self.block), 0.0);
    }

    /// Quantises one row.
    pub fn quantize_row(&mut self, isa: Isa, row: usize, values: &[f32]) {
        let blocks = self.inner.div_ceil(self.block);
        isa.run(Quantize {
            values,
            bytes: &mut self.bytes[row * self.width..][..self.width],
            scales: &mut self.scales[row * blocks..][..blocks],
            format: isa.activation_format(),
        });
    }

    /// All rows.
    pub fn view(&self) -> RowsView<'_> {
        RowsView {
            bytes: &self.bytes,
            byte_stride: self.width,
            scales: &self.scales,
            scale_stride: self.inner.div_ceil(self.block.max(1)),
            rows: self.rows,
        }
    }
}

/// `activation = round(value / scale) + zero`, the scale such that the largest value becomes the format's largest.
struct Quantize<'a> {
    values: &'a [f32],
    bytes: &'a mut [u8],
    scales: &'a mut [f32],
    format: ActivationFormat,
}

impl Vectorised for Quantize<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (group, zero, most) = (self.format.group(), self.format.zero(), self.format.largest() as f32);
        let block = self.format.block();
        let bytes = self.bytes.chunks_mut(block / group * GROUP_BYTES);
        for ((values, bytes), scale) in self.values.chunks(block).zip(bytes).zip(self.scales) {
            let largest = largest(values);
            *scale = largest / most;
            let inverse = if largest > 0.0 { most / largest } else { 0.0 };
            let rounded = |value: f32| value.mul_add(inverse, ROUNDER).to_bits();
            if group == 2 {
                let (pairs, _) = bytes.as_chunks_mut::<2>();
                for (pair, value) in pairs.iter_mut().zip(values) {
                    *pair = (rounded(*value) as u16).to_ne_bytes();
                }
                bytes[2 * values.len()..].fill(0);
            } else {
                for (byte, value) in bytes.iter_mut().zip(values) {
                    *byte = (rounded(*value) as u8).wrapping_add(zero as u8);
                }
                bytes[values.len()..].fill(zero as u8);
            }
        }
    }
}

/// Largest absolute value.
#[inline(always)]
pub(super) fn largest(values: &[f32]) -> f32 {
    let mut largest = [0f32; 16];
    let (blocks, rest) = values.as_chunks::<16>();
    for block in blocks {
        for (largest, value) in largest.iter_mut().zip(block) {
            *largest = largest.max(value.abs());
        }
    }
    largest.iter().chain(rest).fold(0f32, |largest, value| largest.max(value.abs()))
}
