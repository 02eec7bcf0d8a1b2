//! Products of rows with packed matrices.

use std::ops::Range;

use engine::kernels::cpu::int8::{ALIGNMENT, QuantizedRows};
use engine::kernels::cpu::{ActivationFormat, Destination, Isa, Matrix, PANEL, Precision};
use proptest::prelude::*;

use super::{PRECISIONS, ROUNDING, assert_near, available, held, numbers, product_tolerance};

/// A product, in the numbers that it is made of.
#[derive(Clone, Debug)]
struct Product {
    rows: Vec<f32>,
    weights: Vec<f32>,
    inner: usize,
    outputs: usize,
    panels: Range<usize>,
    /// Of the inner dimension.
    range: Range<usize>,
    accumulate: bool,
}

impl Product {
    /// A whole product of numbers from -1 to 1.
    fn whole(num_rows: usize, inner: usize, outputs: usize, seed: u64) -> Self {
        Self {
            rows: numbers(seed, num_rows * inner),
            weights: numbers(!seed, outputs * inner),
            inner,
            outputs,
            panels: 0..outputs.div_ceil(PANEL),
            range: 0..inner,
            accumulate: false,
        }
    }

    /// Rows times `row_size`, weights times `weight_size`; one number of each row stands out, and every fifth row and
    /// every seventh column is 0.
    fn uneven(mut self, row_size: f32, weight_size: f32) -> Self {
        for (row, values) in self.rows.chunks_exact_mut(self.inner).enumerate() {
            for value in values.iter_mut() {
                *value *= if row % 5 == 4 { 0.0 } else { row_size };
            }
            values[row * 7 % self.inner] *= 100.0;
        }
        for (column, values) in self.weights.chunks_exact_mut(self.inner).enumerate() {
            for value in values.iter_mut() {
                *value *= if column % 7 == 6 { 0.0 } else { weight_size };
            }
        }
        self
    }

    fn num_rows(&self) -> usize {
        self.rows.len() / self.inner
    }

    /// Output columns of the panels.
    fn columns(&self) -> Range<usize> {
        self.panels.start * PANEL..(self.panels.end * PANEL).min(self.outputs)
    }

    /// The product in a destination of whose rows it fills the beginning, all of it 3 before; rows lie apart, and what
    /// lies between is no number.
    fn compute(&self, isa: Isa, matrix: &Matrix) -> Vec<f32> {
        let stride = self.inner + 3;
        let mut values = vec![f32::NAN; self.num_rows() * stride];
        for (to, row) in values.chunks_exact_mut(stride).zip(self.rows.chunks_exact(self.inner)) {
            to[..self.inner].copy_from_slice(row);
        }
        let mut buffer = QuantizedRows::default();
        let operand = matrix.operand(isa, &values, stride, self.num_rows(), &mut buffer);
        let mut to = vec![3f32; self.num_rows() * (self.columns().len() + 1)];
        let destination =
            Destination { values: &mut to, stride: self.columns().len() + 1, accumulate: self.accumulate };
        matrix.multiply(isa, operand, self.panels.clone(), self.range.clone(), destination);
        to
    }

    fn check(&self, isa: Isa, precision: Precision) {
        let matrix = Matrix::from_outputs(isa, precision, &self.weights, self.inner);
        let got = self.compute(isa, &matrix);
        let (rows, weights) = (held(Precision::F32, &self.rows), held(precision, &self.weights));
        for (row, got) in got.chunks_exact(self.columns().len() + 1).enumerate() {
            let x = &rows[row * self.inner..][self.range.clone()];
            for (column, got) in self.columns().zip(got) {
                let w = &weights[column * self.inner..][self.range.clone()];
                let product: f64 = x.iter().zip(w).map(|(x, w)| x * w).sum();
                let mut tolerance = product_tolerance(isa, precision, x, w);
                let before = if self.accumulate { 3.0 } else { 0.0 };
                if self.accumulate {
                    // What was there takes part in every rounding.
                    tolerance += ROUNDING * (x.len() as f64 + 1.0) * (before + product.abs());
                }
                let place = format_args!("{isa:?} {precision:?} row {row} column {column}");
                assert_near(*got, before + product, tolerance, place);
            }
            assert_eq!(got.last(), Some(&3.0), "{isa:?} {precision:?} writes behind row {row}");
        }
    }

    fn check_all(&self) {
        for isa in available() {
            for precision in PRECISIONS {
                self.check(isa, precision);
            }
        }
    }
}

#[test]
fn products_agree_with_f64() {
    // Every number of rows that a tile and its remainders can have, and edges of groups, blocks and panels.
    for num_rows in 1..=14 {
        Product::whole(num_rows, 65, 17, num_rows as u64).check_all();
    }
    for inner in [1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 96, 127, 128, 300] {
        for outputs in [1, 15, 16, 33, 70] {
            Product::whole(7, inner, outputs, inner as u64).uneven(1.0, 1.0).check_all();
        }
    }
}

#[test]
fn products_of_huge_and_tiny_numbers_agree_with_f64() {
    for (row_size, weight_size) in [(1e15, 1e15), (1e-15, 1e-15), (1e15, 1e-15), (1e-12, 1e18)] {
        Product::whole(9, 130, 20, 5).uneven(row_size, weight_size).check_all();
    }
}

#[test]
fn bytes_that_lose_nothing_multiply_exactly() {
    for isa in available() {
        // Words have steps of their own, between which these numbers lie.
        if isa.activation_format() == ActivationFormat::Words {
            continue;
        }
        for (num_rows, inner, outputs) in [(1, 32, 16), (6, 64, 16), (13, 203, 37)] {
            let mut product = Product::whole(num_rows, inner, outputs, 1);
            for values in [&mut product.rows, &mut product.weights] {
                for row in values.chunks_exact_mut(inner) {
                    for value in row.iter_mut() {
                        *value = (*value * 127.0).round();
                    }
                    // Each block of 32 holds the largest byte, so that a step is 1.
                    row.iter_mut().step_by(32).for_each(|value| *value = if *value < 0.0 { -127.0 } else { 127.0 });
                }
            }
            let matrix = Matrix::from_outputs(isa, Precision::Int8, &product.weights, inner);
            let got = product.compute(isa, &matrix);
            for (row, got) in product.rows.chunks_exact(inner).zip(got.chunks_exact(outputs + 1)) {
                for (weights, got) in product.weights.chunks_exact(inner).zip(got) {
                    let exact: i64 = row.iter().zip(weights).map(|(x, w)| *x as i64 * *w as i64).sum();
                    assert_eq!(*got as i64, exact, "{isa:?} {num_rows} rows of {inner}");
                }
            }
        }
    }
}

#[test]
fn packing_from_columns_is_packing_the_transposed_matrix() {
    for (inner, outputs) in [(1, 1), (5, 16), (64, 17), (100, 33), (128, 64), (130, 70)] {
        let product = Product::whole(5, inner, outputs, 9).uneven(1.0, 1.0);
        let turned: Vec<f32> =
            (0..inner).flat_map(|k| product.weights.iter().skip(k).step_by(inner).copied()).collect();
        for isa in available() {
            for precision in PRECISIONS {
                let straight = Matrix::from_outputs(isa, precision, &product.weights, inner);
                let turned = Matrix::from_inner(isa, precision, &turned, outputs);
                assert_eq!((turned.inner(), turned.outputs()), (inner, outputs));
                let (straight, turned) = (product.compute(isa, &straight), product.compute(isa, &turned));
                assert_eq!(straight, turned, "{isa:?} {precision:?} [{outputs}, {inner}]");
            }
        }
    }
}

prop_compose! {
    /// A product of any shape, over some of its panels and blocks.
    fn any_product()(num_rows in 1..20usize, inner in 1..300usize, outputs in 1..70usize, seed in any::<u64>())(
        product in Just(Product::whole(num_rows, inner, outputs, seed)),
        row_exponent in -12..13i32,
        weight_exponent in -12..13i32,
        panels in [0..outputs.div_ceil(PANEL), 0..outputs.div_ceil(PANEL)],
        parts in [0..=inner.div_ceil(ALIGNMENT), 0..=inner.div_ceil(ALIGNMENT)],
        accumulate in any::<bool>(),
    ) -> Product {
        let mut product = product.uneven(10f32.powi(row_exponent), 10f32.powi(weight_exponent));
        product.panels = panels[0].min(panels[1])..panels[0].max(panels[1]) + 1;
        let ends = [parts[0].min(parts[1]), parts[0].max(parts[1])].map(|part| (part * ALIGNMENT).min(product.inner));
        product.range = ends[0] / ALIGNMENT * ALIGNMENT..ends[1];
        product.accumulate = accumulate;
        product
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_product_agrees_with_f64(product in any_product()) {
        product.check_all();
    }
}
