//! Row-wise passes: norms, rotation, activations and the exponential.

use engine::kernels::cpu::attention::add_probabilities;
use engine::kernels::cpu::rows::{self, Activation};

use super::{ROUNDING, assert_near, available, numbers};

/// Lengths around the lanes of the loops, and widths of models.
const LENGTHS: [usize; 9] = [1, 2, 15, 16, 17, 64, 255, 640, 1152];
const EPS: f32 = 1e-6;

/// What norms are made of, from -1 to 1 but for `row`, which is `size` times that and `offset` away from 0.
struct Inputs {
    row: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Inputs {
    fn new(length: usize, size: f32, offset: f32) -> Self {
        let row = numbers(1, length).iter().map(|x| x * size + offset).collect();
        Self { row, weight: numbers(2, length), bias: numbers(3, length) }
    }

    /// The inverse root of the mean square.
    fn inverse(&self) -> f64 {
        let squares: f64 = self.row.iter().map(|x| f64::from(*x).powi(2)).sum();
        1.0 / (squares / self.row.len() as f64 + f64::from(EPS)).sqrt()
    }

    /// Relative error of a number that comes from a sum over the row and a few steps more.
    fn error(&self) -> f64 {
        (self.row.len() as f64 + 8.0) * ROUNDING
    }
}

#[test]
fn root_mean_square_norms_agree_with_f64() {
    for (length, size) in LENGTHS.into_iter().flat_map(|length| [(length, 1.0), (length, 1e4), (length, 1e-4)]) {
        let inputs = Inputs::new(length, size, 0.0);
        let (inverse, error) = (inputs.inverse(), inputs.error());
        let expected: Vec<f64> =
            inputs.row.iter().zip(&inputs.weight).map(|(x, w)| f64::from(*x) * inverse * f64::from(*w)).collect();
        for isa in available() {
            let got = rows::inverse_root_mean_square(isa, &inputs.row, EPS);
            assert_near(got, inverse, error * inverse, format_args!("{isa:?} {length} numbers"));
            let mut apart = vec![0f32; length];
            rows::rms_norm(isa, &inputs.row, &inputs.weight, EPS, &mut apart);
            let mut in_place = inputs.row.clone();
            rows::rms_norm_in_place(isa, &mut in_place, &inputs.weight, EPS);
            let mut added = inputs.bias.clone();
            rows::add_rms_norm(isa, &inputs.row, &inputs.weight, EPS, &mut added);
            for (at, expected) in expected.iter().enumerate() {
                let place = format_args!("{isa:?} {length} numbers of {size} at {at}");
                let tolerance = error * expected.abs();
                assert_near(apart[at], *expected, tolerance, place);
                assert_near(in_place[at], *expected, tolerance, place);
                let before = f64::from(inputs.bias[at]);
                assert_near(added[at], before + expected, tolerance + ROUNDING * (before + expected).abs(), place);
            }
        }
    }
}

#[test]
fn layer_norms_agree_with_f64() {
    for (length, offset) in LENGTHS.into_iter().flat_map(|length| [(length, 0.0), (length, 3.0)]) {
        let inputs = Inputs::new(length, 1.0, offset);
        let row: Vec<f64> = inputs.row.iter().map(|x| f64::from(*x)).collect();
        let mean = row.iter().sum::<f64>() / length as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / length as f64;
        let inverse = 1.0 / (variance + f64::from(EPS)).sqrt();
        // The mean is off by what its sum loses; a square of that gets into the variance.
        let mean_error = inputs.error() * row.iter().fold(0f64, |most, x| most.max(x.abs()));
        let inverse_error = inputs.error() + (mean_error * inverse).powi(2);
        for isa in available() {
            let mut got = vec![0f32; length];
            rows::layer_norm(isa, &inputs.row, &inputs.weight, &inputs.bias, EPS, &mut got);
            for (at, got) in got.iter().enumerate() {
                let (weight, bias) = (f64::from(inputs.weight[at]), f64::from(inputs.bias[at]));
                let scaled = (row[at] - mean) * inverse * weight;
                let tolerance = mean_error * inverse * weight.abs() + inverse_error * scaled.abs();
                let tolerance = tolerance + 2.0 * ROUNDING * (scaled.abs() + bias.abs());
                assert_near(*got, scaled + bias, tolerance, format_args!("{isa:?} {length} numbers at {at}"));
            }
        }
    }
}

#[test]
fn rotation_agrees_with_f64() {
    for half in [1, 4, 16, 35, 128] {
        let head = numbers(1, 2 * half);
        let angles: Vec<f32> = numbers(2, half).iter().map(|angle| 4.0 * angle).collect();
        let (cos, sin): (Vec<f32>, Vec<f32>) = angles.iter().map(|angle| (angle.cos(), angle.sin())).unzip();
        for isa in available() {
            let mut got = head.clone();
            rows::rotate(isa, &mut got, &cos, &sin);
            for at in 0..half {
                let [a, b, cos, sin] = [head[at], head[half + at], cos[at], sin[at]].map(f64::from);
                let tolerance = 2.0 * ROUNDING * (a.abs() + b.abs());
                let place = format_args!("{isa:?} {half} pairs, pair {at}");
                assert_near(got[at], a * cos - b * sin, tolerance, place);
                assert_near(got[half + at], b * cos + a * sin, tolerance, place);
            }
        }
    }
}

#[test]
fn the_exponential_agrees_with_f64() {
    let scores: Vec<f32> = (0..=16_000).map(|step| step as f32 / 100.0 - 80.0).collect();
    let scores: Vec<f32> = scores.into_iter().chain([-1e-20, 1e-20, -2e-8]).collect();
    for isa in available() {
        let mut got = vec![0f32; scores.len()];
        add_probabilities(isa, &scores, (0.0, 1.0), 1.0, &mut got);
        for (score, got) in scores.iter().zip(got) {
            let exact = f64::from(*score).exp();
            assert_near(got, exact, 3e-7 * exact, format_args!("{isa:?} e^{score}"));
        }
        let mut nothing = [0f32; 3];
        add_probabilities(isa, &[-80.1, -1e30, f32::NEG_INFINITY], (0.0, 1.0), 1.0, &mut nothing);
        assert_eq!(nothing, [0.0; 3], "{isa:?} has numbers where nothing should be left");
    }
}

/// `erf` by its series, which below 3 loses no more than four digits of sixteen.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

/// What an activation should give, and by how much it can be off.
fn expected(activation: Activation, x: f64) -> (f64, f64) {
    // x / (1 + e^u): the exponential is off by its own error and by that of its argument.
    let sigmoid = |u: f64, roundings: f64| {
        let share = 1.0 / (1.0 + u.exp());
        let exp_error = 3e-7 + roundings * ROUNDING * u.abs();
        (x * share, x.abs() * (share * (1.0 - share) * exp_error + 2.0 * ROUNDING * share + 1e-37))
    };
    match activation {
        Activation::GeluTanh => sigmoid(-(8.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3)), 6.0),
        Activation::Silu => sigmoid(-x, 0.0),
        Activation::GeluErf => {
            let value = x / 2.0 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2));
            (value, ROUNDING * value.abs() + 1e-5 * ROUNDING)
        }
        Activation::Relu => (x.max(0.0), 0.0),
    }
}

#[test]
fn activations_agree_with_f64() {
    let row: Vec<f32> = (-1000..=1000).map(|step| step as f32 / 250.0).chain([-1e4, -60.0, 30.0, 1e4]).collect();
    let up = numbers(2, row.len());
    for activation in [Activation::GeluTanh, Activation::GeluErf, Activation::Silu, Activation::Relu] {
        for isa in available() {
            let mut activated = row.clone();
            rows::activate(isa, activation, &mut activated);
            let mut gated = row.clone();
            rows::gate(isa, activation, &mut gated, &up);
            for (at, x) in row.iter().enumerate() {
                let (value, tolerance) = expected(activation, f64::from(*x));
                let place = format_args!("{isa:?} {activation:?} of {x}");
                assert_near(activated[at], value, tolerance, place);
                let up = f64::from(up[at]);
                let tolerance = (tolerance + ROUNDING * value.abs()) * up.abs();
                assert_near(gated[at], value * up, tolerance, place);
            }
        }
    }
}
