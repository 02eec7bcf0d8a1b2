//! Row-wise passes between products: norms, rotation, activations, the exponential.

#![expect(clippy::inline_always, reason = "loops that melt into a function that names the CPU's instructions")]

use super::{Isa, Vectorised};

/// The function inside a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// GELU by its tanh approximation.
    GeluTanh,
    /// GELU by the error function.
    GeluErf,
    /// `x · sigmoid(x)`.
    Silu,
    /// `max(x, 0)`.
    Relu,
}

/// Sums are kept in this many lanes, so that the compiler can use wide registers.
const LANES: usize = 16;

/// Below this the exponential is 0: a denormal result would make every later product with it slow.
const SMALLEST_EXPONENT: f32 = -80.0;

/// 1.5 · 2²³: a number of small size added to it is rounded to a whole one, which then stands in the lowest bits. That
/// is quicker than a conversion, which in Rust has to mind what does not fit.
pub(super) const ROUNDER: f32 = 12_582_912.0;

/// `e^x`, to 3e-7 of the result: 2^n by its bits, the rest by a polynomial of degree 6 (Taylor's, on ±ln 2 / 2).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let clamped = x.clamp(SMALLEST_EXPONENT, 88.0);
    let rounded = clamped.mul_add(std::f32::consts::LOG2_E, ROUNDER);
    let n = rounded - ROUNDER;
    // ln 2 in two parts, the first with so few bits that its product with n is exact.
    let f = n.mul_add(-0.693_145_75, clamped);
    let f = n.mul_add(-1.428_606_8e-6, f);
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let mut sum = 0.0f32;
    for term in series {
        sum = sum.mul_add(f, term);
    }
    // 127 is the exponent of 1, and the exponent begins at bit 23.
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    if x < SMALLEST_EXPONENT { 0.0 } else { sum * power }
}

/// Σ f(x) over a row.
#[inline(always)]
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (sum, x) in sums.iter_mut().zip(block) {
            *sum += f(*x);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| f(*x)).sum::<f32>()
}

/// `1 / sqrt(mean(x²) + eps)` of a row.
pub fn inverse_root_mean_square(isa: Isa, row: &[f32], eps: f32) -> f32 {
    isa.run(InverseRootMeanSquare { row, eps })
}

struct InverseRootMeanSquare<'a> {
    row: &'a [f32],
    eps: f32,
}

impl Vectorised for InverseRootMeanSquare<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        1.0 / (sum(self.row, |x| x * x) / self.row.len() as f32 + self.eps).sqrt()
    }
}

/// `to = row / sqrt(mean(row²) + eps) · weight`.
pub fn rms_norm(isa: Isa, row: &[f32], weight: &[f32], eps: f32, to: &mut [f32]) {
    isa.run(RmsNorm { row, weight, eps, to });
}

struct RmsNorm<'a> {
    row: &'a [f32],
    weight: &'a [f32],
    eps: f32,
    to: &'a mut [f32],
}

impl Vectorised for RmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let inverse = InverseRootMeanSquare { row: self.row, eps: self.eps }.run();
        for ((to, x), weight) in self.to.iter_mut().zip(self.row).zip(self.weight) {
            *to = x * inverse * weight;
        }
    }
}

/// The same in place.
pub fn rms_norm_in_place(isa: Isa, row: &mut [f32], weight: &[f32], eps: f32) {
    isa.run(RmsNormInPlace { row, weight, eps });
}

struct RmsNormInPlace<'a> {
    row: &'a mut [f32],
    weight: &'a [f32],
    eps: f32,
}

impl Vectorised for RmsNormInPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let inverse = InverseRootMeanSquare { row: self.row, eps: self.eps }.run();
        for (x, weight) in self.row.iter_mut().zip(self.weight) {
            *x *= inverse * weight;
        }
    }
}

/// `to += norm(row)`, the norm as in [`rms_norm`].
pub fn add_rms_norm(isa: Isa, row: &[f32], weight: &[f32], eps: f32, to: &mut [f32]) {
    isa.run(AddRmsNorm { row, weight, eps, to });
}

struct AddRmsNorm<'a> {
    row: &'a [f32],
    weight: &'a [f32],
    eps: f32,
    to: &'a mut [f32],
}

impl Vectorised for AddRmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let inverse = InverseRootMeanSquare { row: self.row, eps: self.eps }.run();
        for ((to, x), weight) in self.to.iter_mut().zip(self.row).zip(self.weight) {
            *to += x * inverse * weight;
        }
    }
}

/// `to = (row - mean) / sqrt(var + eps) · weight + bias`.
pub fn layer_norm(isa: Isa, row: &[f32], weight: &[f32], bias: &[f32], eps: f32, to: &mut [f32]) {
    isa.run(LayerNorm { row, weight, bias, eps, to });
}

struct LayerNorm<'a> {
    row: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
    to: &'a mut [f32],
}

impl Vectorised for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let count = self.row.len() as f32;
        let mean = sum(self.row, |x| x) / count;
        let variance = sum(self.row, |x| (x - mean) * (x - mean)) / count;
        let inverse = 1.0 / (variance + self.eps).sqrt();
        for (((to, x), weight), bias) in self.to.iter_mut().zip(self.row).zip(self.weight).zip(self.bias) {
            *to = (x - mean) * inverse * weight + bias;
        }
    }
}

/// Turns the pairs of `i` and `i + d/2` of a head `[d]` by angles whose cosines and sines are given, `[d/2]` each.
pub fn rotate(isa: Isa, head: &mut [f32], cos: &[f32], sin: &[f32]) {
    isa.run(Rotate { head, cos, sin });
}

struct Rotate<'a> {
    head: &'a mut [f32],
    cos: &'a [f32],
    sin: &'a [f32],
}

impl Vectorised for Rotate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (low, high) = self.head.split_at_mut(self.cos.len());
        for (((a, b), cos), sin) in low.iter_mut().zip(high).zip(self.cos).zip(self.sin) {
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

/// `gate = activation(gate) · up`.
pub fn gate(isa: Isa, activation: Activation, gate: &mut [f32], up: &[f32]) {
    match activation {
        Activation::GeluErf => gate.iter_mut().zip(up).for_each(|(gate, up)| *gate = gelu_erf(*gate) * up),
        _ => isa.run(Gated { activation, gate, up }),
    }
}

struct Gated<'a> {
    activation: Activation,
    gate: &'a mut [f32],
    up: &'a [f32],
}

impl Vectorised for Gated<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let pairs = self.gate.iter_mut().zip(self.up);
        match self.activation {
            Activation::GeluTanh => pairs.for_each(|(gate, up)| *gate = gelu_tanh(*gate) * up),
            Activation::Silu => pairs.for_each(|(gate, up)| *gate = silu(*gate) * up),
            Activation::Relu => pairs.for_each(|(gate, up)| *gate = gate.max(0.0) * up),
            Activation::GeluErf => pairs.for_each(|(gate, up)| *gate = gelu_erf(*gate) * up),
        }
    }
}

/// `row = activation(row)`.
pub fn activate(isa: Isa, activation: Activation, row: &mut [f32]) {
    match activation {
        Activation::GeluErf => row.iter_mut().for_each(|x| *x = gelu_erf(*x)),
        _ => isa.run(Activate { activation, row }),
    }
}

struct Activate<'a> {
    activation: Activation,
    row: &'a mut [f32],
}

impl Vectorised for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let row = self.row.iter_mut();
        match self.activation {
            Activation::GeluTanh => row.for_each(|x| *x = gelu_tanh(*x)),
            Activation::Silu => row.for_each(|x| *x = silu(*x)),
            Activation::Relu => row.for_each(|x| *x = x.max(0.0)),
            Activation::GeluErf => row.for_each(|x| *x = gelu_erf(*x)),
        }
    }
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// `x/2 · (1 + tanh(u))` is `x · sigmoid(2u)`, with `u = sqrt(2/π) (x + 0.044715 x³)`.
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    let twice = 2.0 * std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2;
    x / (1.0 + exp(-twice * x * (0.044_715 * x * x + 1.0)))
}

fn gelu_erf(x: f32) -> f32 {
    let x = f64::from(x);
    (x / 2.0 * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2))) as f32
}
