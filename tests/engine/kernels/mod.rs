//! The CPU's kernels against the same arithmetic in f64, for every set of instructions that this machine has.
//!
//! Uses nothing but `engine::kernels::cpu`: `cargo xtask check-neon` builds these files alone for another processor.
//! Tolerances follow from how numbers are held: half a step of each quantised operand, and the roundings of f32.

mod attention;
mod products;
mod rows;

use engine::kernels::cpu::{Isa, Precision};

/// Largest relative error of one rounding to f32.
const ROUNDING: f64 = 1.0 / (1u32 << 24) as f64;

/// What this machine can run.
fn available() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available())
}

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

/// `count` numbers between -1 and 1, the same for the same seed (SplitMix64).
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// The nearest bf16, the even one of two: what a matrix in bf16 holds.
fn nearest_bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// What a matrix holds of some weights where that is known; bytes are accounted for in tolerances.
fn held(precision: Precision, weights: &[f32]) -> Vec<f64> {
    let held = |weight: &f32| match precision {
        Precision::Bf16 => f64::from(nearest_bf16(*weight)),
        Precision::F32 | Precision::Int8 => f64::from(*weight),
    };
    weights.iter().map(held).collect()
}

/// Half the distance between neighbours among the numbers that a block is rounded to, the largest of them `most` steps
/// from 0. The factor to whole steps is itself rounded, which can move a number by 1 % of a step at most.
fn half_step(block: &[f64], most: i32) -> f64 {
    0.51 * block.iter().fold(0f64, |largest, value| largest.max(value.abs())) / f64::from(most)
}

/// How far a sum of products can be off, both operands rounded as `precision` has it: `Σ (x + dx)(w + dw) - Σ x w`.
fn product_tolerance(isa: Isa, precision: Precision, x: &[f64], w: &[f64]) -> f64 {
    let sum_of_sizes: f64 = x.iter().zip(w).map(|(x, w)| (x * w).abs()).sum();
    // One rounding a product, one an addition; what is too small for f32 is lost.
    let mut tolerance = (x.len() as f64 + 2.0) * (ROUNDING * sum_of_sizes + f64::from(f32::MIN_POSITIVE) * ROUNDING);
    if precision == Precision::Int8 {
        let format = isa.activation_format();
        for (x, w) in x.chunks(format.block()).zip(w.chunks(format.block())) {
            let (dx, dw) = (half_step(x, format.largest()), half_step(w, i32::from(i8::MAX)));
            let sizes = |values: &[f64]| values.iter().map(|value| value.abs()).sum::<f64>();
            tolerance += dx * sizes(w) + dw * sizes(x) + x.len() as f64 * dx * dw;
        }
    }
    tolerance
}

/// Fails where `got` is further from `expected` than `tolerance`, or not a number.
fn assert_near(got: f32, expected: f64, tolerance: f64, place: impl std::fmt::Display) {
    let off = (f64::from(got) - expected).abs();
    assert!(off <= tolerance, "{place}: {got} instead of {expected}, off by {off:e}, more than {tolerance:e}");
}
