//! Attention in blocks against a softmax over all keys.

use std::ops::Range;

use engine::kernels::cpu::attention::{KEY_BLOCK, KeyBlock, Segment, Tile, add_probabilities};
use engine::kernels::cpu::{Isa, Precision};

use super::{PRECISIONS, ROUNDING, assert_near, available, half_step, held, numbers, product_tolerance};

/// Width of queries and keys, and of values: neither fills whole panels or blocks.
const WIDTH: usize = 37;
const VALUE_WIDTH: usize = 20;

/// Relative error of the exponential.
const EXP_ERROR: f64 = 3e-7;

/// Some queries, all keys and values, and who sees what.
struct Attention {
    precision: Precision,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    factors: Option<Vec<f32>>,
    shifts: Option<Vec<f32>>,
    sight: fn(usize) -> Range<usize>,
}

/// What one query should find.
struct Expected {
    /// Of each key, minus infinity where it is not seen.
    scores: Vec<f64>,
    score_tolerance: f64,
    probabilities: Vec<f64>,
    mean: Vec<f64>,
    mean_tolerance: Vec<f64>,
}

impl Attention {
    fn new(precision: Precision, num_queries: usize, num_keys: usize, sight: fn(usize) -> Range<usize>) -> Self {
        Self {
            precision,
            queries: numbers(1, num_queries * WIDTH),
            keys: numbers(2, num_keys * WIDTH),
            values: numbers(3, num_keys * VALUE_WIDTH),
            factors: None,
            shifts: None,
            sight,
        }
    }

    /// With a factor for each key and a number added to the scores of each query.
    fn scaled(mut self) -> Self {
        self.factors = Some(numbers(4, self.num_keys()).iter().map(|factor| factor + 1.5).collect());
        self.shifts = Some(numbers(5, self.num_queries()));
        self
    }

    fn num_queries(&self) -> usize {
        self.queries.len() / WIDTH
    }

    fn num_keys(&self) -> usize {
        self.keys.len() / WIDTH
    }

    fn blocks(&self, isa: Isa) -> Vec<KeyBlock> {
        let (keys, values) = (self.keys.chunks(KEY_BLOCK * WIDTH), self.values.chunks(KEY_BLOCK * VALUE_WIDTH));
        keys.zip(values)
            .map(|(keys, values)| KeyBlock::pack(isa, self.precision, keys, WIDTH, values, VALUE_WIDTH))
            .collect()
    }

    /// Attends to the keys of the range `within`.
    fn attend(&self, isa: Isa, blocks: &[KeyBlock], within: Range<usize>, kept: Option<&mut [f32]>) -> Tile {
        let segment = Segment { blocks, len: self.num_keys(), factors: self.factors.as_deref(), sight: self.sight };
        let mut tile = Tile::default();
        tile.begin(self.num_queries(), VALUE_WIDTH);
        tile.attend(isa, &self.queries, &segment, within, self.shifts.as_deref(), kept);
        tile
    }

    fn expected(&self, isa: Isa, row: usize) -> Expected {
        let query = held(Precision::F32, &self.queries[row * WIDTH..][..WIDTH]);
        let (keys, values) = (held(self.precision, &self.keys), held(self.precision, &self.values));
        let seen = (self.sight)(row);
        let mut scores = vec![f64::NEG_INFINITY; self.num_keys()];
        let mut score_tolerance = 0f64;
        for at in seen.start..seen.end.min(self.num_keys()) {
            let key = &keys[at * WIDTH..][..WIDTH];
            let factor = self.factors.as_ref().map_or(1.0, |factors| f64::from(factors[at]));
            let shift = self.shifts.as_ref().map_or(0.0, |shifts| f64::from(shifts[row]));
            let product: f64 = query.iter().zip(key).map(|(q, k)| q * k).sum();
            scores[at] = (product + shift) * factor;
            let tolerance = (product_tolerance(isa, self.precision, &query, key) + ROUNDING * shift.abs()) * factor;
            score_tolerance = score_tolerance.max(tolerance + 2.0 * ROUNDING * scores[at].abs());
        }
        let largest = scores.iter().fold(f64::NEG_INFINITY, |largest, score| largest.max(*score));
        let mut probabilities: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let total: f64 = probabilities.iter().sum();
        for p in &mut probabilities {
            *p = if total > 0.0 { *p / total } else { 0.0 };
        }
        let column = |column: usize| values.iter().skip(column).step_by(VALUE_WIDTH).copied().collect::<Vec<f64>>();
        let columns: Vec<Vec<f64>> = (0..VALUE_WIDTH).map(column).collect();
        let mean = |column: &Vec<f64>| probabilities.iter().zip(column).map(|(p, v)| p * v).sum();
        let mean_tolerance = |column: &Vec<f64>| self.mean_tolerance(isa, &probabilities, column, score_tolerance);
        Expected {
            score_tolerance,
            mean: columns.iter().map(mean).collect(),
            mean_tolerance: columns.iter().map(mean_tolerance).collect(),
            scores,
            probabilities,
        }
    }

    /// By how much a probability can be off, relative to itself: its score and the sum of all are off, the exponential is
    /// taken once for it and once for each later block by which it shrinks, sums are rounded.
    fn probability_error(&self, score_tolerance: f64) -> f64 {
        let num_blocks = self.num_keys().div_ceil(KEY_BLOCK) as f64;
        let sums = ROUNDING * (self.num_keys() as f64 + 10.0);
        2.0 * (score_tolerance.exp_m1() + (1.0 + num_blocks) * EXP_ERROR) + sums
    }

    /// How far a mean of one column of the values can be off.
    fn mean_tolerance(&self, isa: Isa, probabilities: &[f64], column: &[f64], score_tolerance: f64) -> f64 {
        let error = self.probability_error(score_tolerance);
        let weighed: f64 = probabilities.iter().zip(column).map(|(p, v)| (p * v).abs()).sum();
        let mut tolerance = (1.0 + error) * product_tolerance(isa, Precision::F32, probabilities, column);
        tolerance += error * weighed;
        if self.precision == Precision::Int8 {
            let format = isa.activation_format();
            for (p, v) in probabilities.chunks(format.block()).zip(column.chunks(format.block())) {
                let dp = (1.0 + error) * half_step(p, format.largest());
                let dv = half_step(v, i32::from(i8::MAX));
                for (p, v) in p.iter().zip(v) {
                    tolerance += dp * v.abs() + dv * p * (1.0 + error) + dp * dv;
                }
            }
        }
        tolerance
    }

    fn check_means(&self, isa: Isa, means: &[f32], name: &str) {
        for (row, means) in means.chunks_exact(VALUE_WIDTH).enumerate() {
            let expected = self.expected(isa, row);
            for (column, mean) in means.iter().enumerate() {
                let place = format_args!("{name}: {isa:?} {:?} query {row} column {column}", self.precision);
                assert_near(*mean, expected.mean[column], expected.mean_tolerance[column], place);
            }
        }
    }

    /// The scores that were kept of the range `within`, and the probabilities that follow from them.
    fn check_scores(&self, isa: Isa, kept: &[f32], tile: &Tile, within: &Range<usize>, name: &str) {
        for (row, kept) in kept.chunks_exact(within.len()).enumerate() {
            let expected = self.expected(isa, row);
            for (score, expected_score) in kept.iter().zip(&expected.scores[within.clone()]) {
                let place = format_args!("{name}: {isa:?} {:?} score of query {row}", self.precision);
                if expected_score.is_finite() {
                    assert_near(*score, *expected_score, expected.score_tolerance, place);
                } else {
                    assert_eq!(*score, f32::NEG_INFINITY, "{place}");
                }
            }
            if (self.sight)(row).is_empty() {
                continue;
            }
            let mut probabilities = vec![1.0; within.len()];
            add_probabilities(isa, kept, tile.normaliser(row), 2.0, &mut probabilities);
            let error = self.probability_error(expected.score_tolerance);
            for (got, p) in probabilities.iter().zip(&expected.probabilities[within.clone()]) {
                let place = format_args!("{name}: {isa:?} {:?} probability of query {row}", self.precision);
                assert_near(*got, 1.0 + 2.0 * p, 2.0 * error * p + 4.0 * ROUNDING, place);
            }
        }
    }
}

fn full(_: usize) -> Range<usize> {
    0..usize::MAX
}

fn causal(row: usize) -> Range<usize> {
    0..40 * row + 1
}

fn band(row: usize) -> Range<usize> {
    (30 * row).saturating_sub(50)..30 * row + 51
}

/// Queries that see nothing beside one that does.
fn only_the_third(row: usize) -> Range<usize> {
    if row == 2 { 70..75 } else { 0..0 }
}

/// Attention of some shapes, with and without factors and shifts.
fn cases(precision: Precision) -> Vec<(&'static str, Attention)> {
    vec![
        ("one key", Attention::new(precision, 3, 1, full)),
        ("one block", Attention::new(precision, 7, 100, full)),
        ("full", Attention::new(precision, 7, 300, full)),
        ("full, scaled", Attention::new(precision, 4, 257, full).scaled()),
        ("causal", Attention::new(precision, 8, 290, causal)),
        ("causal, scaled", Attention::new(precision, 8, 290, causal).scaled()),
        ("band", Attention::new(precision, 9, 300, band)),
        ("band, scaled", Attention::new(precision, 9, 300, band).scaled()),
        ("seeing little", Attention::new(precision, 4, 140, only_the_third)),
    ]
}

/// Runs a check for every case, set of instructions and precision.
fn for_all(check: impl Fn(&Attention, Isa, &str)) {
    for precision in PRECISIONS {
        for (name, attention) in cases(precision) {
            for isa in available() {
                check(&attention, isa, name);
            }
        }
    }
}

#[test]
fn attention_gives_the_softmax() {
    for_all(|attention, isa, name| {
        let all = 0..attention.num_keys();
        let mut tile = attention.attend(isa, &attention.blocks(isa), all, None);
        attention.check_means(isa, tile.finish(isa), name);
    });
}

#[test]
fn ranges_of_keys_merge_to_the_softmax() {
    for_all(|attention, isa, name| {
        let blocks = attention.blocks(isa);
        for middle in [0, 1, 64, 71, 128, 200] {
            let middle = middle.min(attention.num_keys());
            let mut tile = attention.attend(isa, &blocks, 0..middle, None);
            let rest = attention.attend(isa, &blocks, middle..attention.num_keys(), None);
            tile.merge(isa, &rest);
            attention.check_means(isa, tile.finish(isa), name);
        }
    });
}

#[test]
fn kept_scores_give_the_probabilities() {
    for_all(|attention, isa, name| {
        let all = 0..attention.num_keys();
        let mut kept = vec![0f32; attention.num_queries() * all.len()];
        let tile = attention.attend(isa, &attention.blocks(isa), all.clone(), Some(&mut kept));
        attention.check_scores(isa, &kept, &tile, &all, name);
    });
}

#[test]
fn a_range_keeps_its_own_scores() {
    for precision in PRECISIONS {
        for isa in available() {
            let attention = Attention::new(precision, 9, 300, band).scaled();
            let within = 45..203;
            let mut kept = vec![0f32; attention.num_queries() * within.len()];
            let mut tile = attention.attend(isa, &attention.blocks(isa), within.clone(), Some(&mut kept));
            // The rest completes the sums that probabilities are set against.
            tile.merge(isa, &attention.attend(isa, &attention.blocks(isa), 0..within.start, None));
            tile.merge(isa, &attention.attend(isa, &attention.blocks(isa), within.end..300, None));
            attention.check_scores(isa, &kept, &tile, &within, "range");
        }
    }
}

#[test]
fn keys_set_one_by_one_give_the_softmax() {
    let attention = Attention::new(Precision::F32, 5, 300, causal);
    for isa in available() {
        let mut blocks = vec![KeyBlock::empty(WIDTH, VALUE_WIDTH); 2];
        let pairs = attention.keys.chunks_exact(WIDTH).zip(attention.values.chunks_exact(VALUE_WIDTH));
        for (at, (key, value)) in pairs.enumerate() {
            blocks[at / KEY_BLOCK].set(at % KEY_BLOCK, key, value);
        }
        let mut tile = attention.attend(isa, &blocks, 0..300, None);
        attention.check_means(isa, tile.finish(isa), "one by one");
    }
}

#[test]
fn a_tile_takes_sums_from_another_and_a_mixture_from_elsewhere() {
    for isa in available() {
        let attention = Attention::new(Precision::F32, 7, 100, full);
        let mut tile = attention.attend(isa, &attention.blocks(isa), 0..100, None);
        let mixed: Vec<f32> = tile.mixed().iter().flat_map(|value| [2.0 * value, -value]).collect();
        let mut replaced = Tile::default();
        replaced.replace(&tile, 2 * VALUE_WIDTH, &mixed);
        let means = replaced.finish(isa).to_vec();
        let (doubled, negated): (Vec<f32>, Vec<f32>) =
            means.as_chunks::<2>().0.iter().map(|[doubled, negated]| (doubled / 2.0, -negated)).unzip();
        attention.check_means(isa, &doubled, "doubled");
        attention.check_means(isa, &negated, "negated");
    }
}
