//! A product with packed weights, on one thread or on all.

use candle_core::{CpuStorage, Device, Storage, Tensor};
use half::{bf16, f16};
use rayon::prelude::*;

use crate::kernels::cpu::int8::QuantizedRows;
use crate::kernels::cpu::{Destination, Isa, Matrix, PANEL, Precision};
use crate::weights::{Weights, WeightsError};

/// Panels per task where a few rows meet a large matrix: enough work to be worth a task.
const PANELS_PER_TASK: usize = 16;

/// Rows of a table that are widened and packed at a time: whole panels, and few enough to stay in the cache.
const TABLE_ROWS: usize = 1 << 10;

/// `y = x · wᵀ + b`.
#[derive(Debug)]
pub(crate) struct Linear {
    matrix: Matrix,
    bias: Option<Vec<f32>>,
}

impl Linear {
    /// Loads several products of the same rows as one: `{name}.weight`, `[outputs, inner]`, and optionally `{name}.bias`,
    /// of each part.
    pub(super) fn load(
        weights: &Weights,
        parts: &[(String, usize)],
        inner: usize,
        has_bias: bool,
    ) -> Result<Self, WeightsError> {
        let mut all = Vec::new();
        let mut bias = Vec::new();
        for (name, outputs) in parts {
            let part = weights.numbers(&format!("{name}.weight"), &[*outputs, inner])?;
            if all.is_empty() {
                all = part;
            } else {
                all.extend(part);
            }
            if has_bias {
                bias.extend(weights.numbers(&format!("{name}.bias"), &[*outputs])?);
            }
        }
        Ok(Self::new(weights, &all, inner, has_bias.then_some(bias)))
    }

    /// Packs a table `[v, c]` in int8, for the output head.
    pub(crate) fn table(table: &Tensor) -> candle_core::Result<Self> {
        let (outputs, inner) = table.dims2()?;
        let mut matrix = Matrix::empty(Isa::current(), Precision::Int8, outputs, inner);
        let (storage, layout) = table.storage_and_layout();
        let (Storage::Cpu(storage), Some((start, end))) = (&*storage, layout.contiguous_offsets()) else {
            candle_core::bail!("a table to pack must be contiguous in CPU memory")
        };
        match storage {
            CpuStorage::F32(values) => pack_table(&mut matrix, &values[start..end], |value| value),
            CpuStorage::BF16(values) => pack_table(&mut matrix, &values[start..end], bf16::to_f32),
            CpuStorage::F16(values) => pack_table(&mut matrix, &values[start..end], f16::to_f32),
            _ => candle_core::bail!("a table must hold floating-point numbers"),
        }
        Ok(Self { matrix, bias: None })
    }

    /// Rows `x` `[r, inner]` to `[r, outputs]`, as tensors.
    pub(crate) fn apply(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let rows = x.dim(0)?;
        let mut to = Vec::new();
        self.forward_wide(&x.flatten_all()?.to_vec1::<f32>()?, &mut QuantizedRows::default(), &mut to);
        Tensor::from_vec(to, (rows, self.outputs()), &Device::Cpu)
    }

    /// Packs a matrix `[outputs, inner]` in the precision of `weights`.
    pub(crate) fn new(weights: &Weights, matrix: &[f32], inner: usize, bias: Option<Vec<f32>>) -> Self {
        Self { matrix: Matrix::from_outputs(Isa::current(), weights.precision(), matrix, inner), bias }
    }

    /// Width of a result.
    pub(super) fn outputs(&self) -> usize {
        self.matrix.outputs()
    }

    /// Rows `x` `[r, inner]` to `to` `[r, outputs]`, on the calling thread.
    pub(super) fn forward(&self, x: &[f32], quantized: &mut QuantizedRows, to: &mut [f32]) {
        let (isa, inner, outputs) = (Isa::current(), self.matrix.inner(), self.outputs());
        let operand = self.matrix.operand(isa, x, inner, x.len() / inner, quantized);
        let to_rows = Destination { values: to, stride: outputs, accumulate: false };
        self.matrix.multiply(isa, operand, 0..self.matrix.panels(), 0..inner, to_rows);
        self.add_bias(to);
    }

    /// The same for a few rows, with the columns spread over all threads.
    pub(crate) fn forward_wide(&self, x: &[f32], quantized: &mut QuantizedRows, to: &mut Vec<f32>) {
        let (isa, inner, outputs) = (Isa::current(), self.matrix.inner(), self.outputs());
        let rows = x.len() / inner;
        let operand = self.matrix.operand(isa, x, inner, rows, quantized);
        to.resize(rows * outputs, 0.0);
        let width = PANELS_PER_TASK * PANEL;
        let multiply = |task: usize, to: &mut [f32]| {
            let first = task * PANELS_PER_TASK;
            let panels = first..(first + PANELS_PER_TASK).min(self.matrix.panels());
            let stride = to.len() / rows;
            self.matrix.multiply(isa, operand, panels, 0..inner, Destination { values: to, stride, accumulate: false });
        };
        if rows == 1 {
            to.par_chunks_mut(width).enumerate().for_each(|(task, to)| multiply(task, to));
        } else {
            let parts: Vec<Vec<f32>> = (0..outputs.div_ceil(width))
                .into_par_iter()
                .map(|task| {
                    let mut part = vec![0.0; rows * width.min(outputs - task * width)];
                    multiply(task, &mut part);
                    part
                })
                .collect();
            for (row, to) in to.chunks_exact_mut(outputs).enumerate() {
                for (to, part) in to.chunks_mut(width).zip(&parts) {
                    to.copy_from_slice(&part[row * to.len()..][..to.len()]);
                }
            }
        }
        self.add_bias(to);
    }

    fn add_bias(&self, to: &mut [f32]) {
        let Some(bias) = &self.bias else { return };
        for row in to.chunks_exact_mut(bias.len()) {
            for (to, bias) in row.iter_mut().zip(bias) {
                *to += bias;
            }
        }
    }
}

/// Packs rows part by part, so that the table is never in memory in f32.
fn pack_table<T: Copy + Sync>(matrix: &mut Matrix, table: &[T], widen: impl Fn(T) -> f32 + Sync) {
    let inner = matrix.inner();
    let mut wide = Vec::new();
    for (part, rows) in table.chunks(TABLE_ROWS * inner).enumerate() {
        rows.par_iter().with_min_len(inner).map(|value| widen(*value)).collect_into_vec(&mut wide);
        matrix.set_outputs(Isa::current(), part * TABLE_ROWS, &wide);
    }
}
