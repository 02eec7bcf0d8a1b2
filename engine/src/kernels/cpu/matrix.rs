//! One interface to a packed matrix, whatever type its numbers are held in.

use std::ops::Range;

use half::bf16;

use super::{Destination, Isa, PANEL, dense, int8};

/// How numbers are held. Arithmetic is in f32 for the first two; the third multiplies integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// The upper 16 bits of f32.
    Bf16,
    /// Bytes with a scale per 64 numbers.
    Int8,
}

/// A matrix `[outputs, inner]` packed in panels.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// In f32.
    F32(dense::PackedMatrix<f32>),
    /// In bf16.
    Bf16(dense::PackedMatrix<bf16>),
    /// In bytes.
    Int8(int8::PackedMatrix),
}

/// Rows of activations that are multiplied with matrices.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The rows in f32.
    pub values: &'a [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
    /// Number of rows.
    pub rows: usize,
    /// The same rows quantised, for matrices in bytes.
    pub quantized: Option<int8::RowsView<'a>>,
}

impl Matrix {
    /// Packs `[outputs, inner]` from its rows, the weights of one output after the other.
    pub fn from_outputs(isa: Isa, precision: Precision, weights: &[f32], inner: usize) -> Self {
        let mut packed = Self::empty(isa, precision, weights.len() / inner.max(1), inner);
        packed.set_outputs(isa, 0, weights);
        packed
    }

    /// A matrix `[outputs, inner]` to be filled by [`Matrix::set_outputs`].
    pub fn empty(isa: Isa, precision: Precision, outputs: usize, inner: usize) -> Self {
        match precision {
            Precision::F32 => Self::F32(dense::PackedMatrix::zeros(outputs, inner)),
            Precision::Bf16 => Self::Bf16(dense::PackedMatrix::zeros(outputs, inner)),
            Precision::Int8 => Self::Int8(int8::PackedMatrix::empty(isa, outputs, inner)),
        }
    }

    /// Packs the weights of some consecutive outputs, the first of which begins a panel.
    pub fn set_outputs(&mut self, isa: Isa, first: usize, weights: &[f32]) {
        fn dense<T: dense::Number>(packed: &mut dense::PackedMatrix<T>, first: usize, weights: &[f32]) {
            for (output, weights) in (first..).zip(weights.chunks_exact(packed.inner())) {
                packed.set_output(output, weights);
            }
        }
        match self {
            Self::F32(packed) => dense(packed, first, weights),
            Self::Bf16(packed) => dense(packed, first, weights),
            Self::Int8(packed) => packed.set_outputs(isa, first, weights),
        }
    }

    /// Packs `[outputs, inner]` from its columns: what inner index 0 has for each output, then inner index 1, ….
    pub fn from_inner(isa: Isa, precision: Precision, weights: &[f32], outputs: usize) -> Self {
        fn dense<T: dense::Number>(weights: &[f32], outputs: usize) -> dense::PackedMatrix<T> {
            let mut packed = dense::PackedMatrix::zeros(outputs, weights.len() / outputs.max(1));
            for (k, weights) in weights.chunks_exact(outputs).enumerate() {
                packed.set_inner(k, weights);
            }
            packed
        }
        match precision {
            Precision::F32 => Self::F32(dense(weights, outputs)),
            Precision::Bf16 => Self::Bf16(dense(weights, outputs)),
            Precision::Int8 => Self::Int8(int8::PackedMatrix::from_inner(isa, weights, outputs)),
        }
    }

    /// Output columns.
    pub fn outputs(&self) -> usize {
        match self {
            Self::F32(matrix) => matrix.outputs(),
            Self::Bf16(matrix) => matrix.outputs(),
            Self::Int8(matrix) => matrix.outputs(),
        }
    }

    /// Numbers in a column.
    pub fn inner(&self) -> usize {
        match self {
            Self::F32(matrix) => matrix.inner(),
            Self::Bf16(matrix) => matrix.inner(),
            Self::Int8(matrix) => matrix.inner(),
        }
    }

    /// Panels of output columns.
    pub fn panels(&self) -> usize {
        self.outputs().div_ceil(PANEL)
    }

    /// Bytes held.
    pub fn num_bytes(&self) -> usize {
        match self {
            Self::F32(matrix) => matrix.num_bytes(),
            Self::Bf16(matrix) => matrix.num_bytes(),
            Self::Int8(matrix) => matrix.num_bytes(),
        }
    }

    /// `rows` `[r, inner]`, `stride` numbers apart, as the product wants them; `quantized` is a buffer that is reused.
    pub fn operand<'a>(
        &self,
        isa: Isa,
        values: &'a [f32],
        stride: usize,
        rows: usize,
        quantized: &'a mut int8::QuantizedRows,
    ) -> Operand<'a> {
        let quantized = match self {
            Self::Int8(matrix) => {
                quantized.resize(isa, rows, matrix.inner());
                for row in 0..rows {
                    quantized.quantize_row(isa, row, &values[row * stride..][..matrix.inner()]);
                }
                Some(quantized.view())
            }
            Self::F32(_) | Self::Bf16(_) => None,
        };
        Operand { values, stride, rows, quantized }
    }

    /// `to[row][column] = Σ rows[row][k] · matrix[column][k]` over the `inner` range of `k`, for the columns of `panels`,
    /// the first of which goes to column 0 of `to`. A range of `k` begins at a multiple of [`int8::ALIGNMENT`] and ends at
    /// one, or with the matrix. Runs on the calling thread.
    pub fn multiply(
        &self,
        isa: Isa,
        operand: Operand<'_>,
        panels: Range<usize>,
        inner: Range<usize>,
        to: Destination<'_>,
    ) {
        let rows = dense::Rows { values: operand.values, stride: operand.stride, rows: operand.rows };
        match (self, operand.quantized) {
            (Self::F32(matrix), _) => dense::multiply(isa, rows, matrix, panels, inner, to),
            (Self::Bf16(matrix), _) => dense::multiply(isa, rows, matrix, panels, inner, to),
            (Self::Int8(matrix), Some(quantized)) => {
                int8::multiply(isa, quantized, matrix, panels, inner, to);
            }
            (Self::Int8(_), None) => unreachable!("an operand for a matrix in bytes is quantised"),
        }
    }
}
