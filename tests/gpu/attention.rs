//! The kernels' attention against the plain softmax in f64: all kinds of visibility, widths, groups and ragged lengths.

use engine::kernels::attention::Visibility;
use engine::kernels::gpu::launch::{Card, Element, Launch, Problem};

use crate::host::{self, Inputs, Outputs};
use crate::reference;

/// A card with tensor cores, and so few processors that splits stay few.
const NEW: Card = Card::Cuda { processors: 6, tensor_cores: true };
/// A card without.
const OLD: Card = Card::Cuda { processors: 6, tensor_cores: false };

/// bf16 exponentials and a bf16 result, of values below one: two roundings by at most 1/256.
const BF16_TOLERANCE: f32 = 8e-3;
/// f32 throughout.
const F32_TOLERANCE: f32 = 1e-5;
/// Sums and probabilities are f32 everywhere.
const LOGARITHM_TOLERANCE: f32 = 2e-5;

/// Numbers without a pattern, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    /// In -1..1, in steps that bf16 holds exactly.
    fn number(&mut self) -> f32 {
        (self.next() % 256) as f32 / 128.0 - 1.0
    }

    /// `heads` times `rows` lines of `width`, each head `stride` after the one before; NaN in between.
    fn lines(&mut self, heads: usize, stride: usize, filled: usize) -> Vec<f32> {
        let mut all = vec![f32::NAN; heads * stride];
        all.chunks_exact_mut(stride.max(1)).for_each(|head| head[..filled].fill_with(|| self.number()));
        all
    }
}

/// A problem by what matters; heads lie `slack` keys further apart than they need to.
#[derive(Clone, Copy)]
struct Case {
    heads: [usize; 2],
    rows: usize,
    width: usize,
    keys: [usize; 2],
    first_query: usize,
    visibility: Visibility,
    slack: usize,
}

impl Case {
    fn problem(self, element: Element) -> Problem {
        let [heads, kv_heads] = self.heads;
        let [num_own, num_cross] = self.keys;
        Problem {
            heads,
            kv_heads,
            rows: self.rows,
            head_dim: self.width,
            num_own,
            num_cross,
            first_query: self.first_query,
            visibility: self.visibility,
            // Scores spread over about -4..4, whatever the width.
            scale: 4.0 / (self.width as f64).sqrt(),
            element,
            query_stride: self.rows * self.width,
            own_stride: (num_own + self.slack) * self.width,
            cross_stride: num_cross * self.width,
        }
    }
}

fn inputs(problem: &Problem, random: &mut Random) -> Inputs {
    let d = problem.head_dim;
    let mut keys = |stride, count: usize| random.lines(problem.kv_heads, stride, count * d);
    let (own_keys, own_values) = (keys(problem.own_stride, problem.num_own), keys(problem.own_stride, problem.num_own));
    let cross_keys = keys(problem.cross_stride, problem.num_cross);
    let cross_values = keys(problem.cross_stride, problem.num_cross);
    let queries = random.lines(problem.heads, problem.query_stride, problem.rows * d);
    Inputs { queries, own_keys, own_values, cross_keys, cross_values }
}

fn check(card: Card, case: Case, element: Element, expected_kernel: &str) {
    let problem = case.problem(element);
    let launch = Launch::new(&problem, card).unwrap();
    assert!(launch.kernel.starts_with(expected_kernel), "{}: {problem:?}", launch.kernel);
    let inputs = inputs(&problem, &mut Random(case.rows as u64 * 77 + case.width as u64));
    let Outputs { mixed, logarithms, own, cross } = host::run(card, &problem, &inputs);
    let expected = reference::attend(&problem, &inputs);
    let tolerance = if element == Element::Bf16 { BF16_TOLERANCE } else { F32_TOLERANCE };
    for (name, ours, theirs, tolerance) in [
        ("result", &mixed, &expected.mixed, tolerance),
        ("logarithms", &logarithms, &expected.logarithms, LOGARITHM_TOLERANCE),
        ("own probabilities", &own, &expected.own, LOGARITHM_TOLERANCE),
        ("cross probabilities", &cross, &expected.cross, LOGARITHM_TOLERANCE),
    ] {
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let off = (a - b).abs();
            assert!(off <= tolerance, "{name}[{i}] is {a}, not {b}, in {problem:?} by {}", launch.kernel);
        }
    }
}

const BAND: Visibility = Visibility::Band { left: 9, right: 10 };
const WINDOW: Visibility = Visibility::Causal { window: Some(20) };
const CAUSAL: Visibility = Visibility::Causal { window: None };

/// Each kind of visibility, with and without a second sequence, more than one tile, tile and block boundaries in odd
/// places, a whole row of splits, groups that do not divide a tile.
const CASES: [Case; 9] = [
    Case { heads: [2, 2], rows: 70, width: 32, keys: [70, 0], first_query: 0, visibility: Visibility::All, slack: 0 },
    Case { heads: [6, 2], rows: 90, width: 32, keys: [90, 0], first_query: 0, visibility: BAND, slack: 5 },
    Case { heads: [3, 1], rows: 50, width: 32, keys: [171, 0], first_query: 60, visibility: BAND, slack: 0 },
    Case { heads: [4, 1], rows: 40, width: 64, keys: [100, 77], first_query: 60, visibility: CAUSAL, slack: 3 },
    Case { heads: [4, 2], rows: 33, width: 16, keys: [65, 300], first_query: 32, visibility: WINDOW, slack: 1 },
    Case { heads: [4, 1], rows: 1, width: 128, keys: [33, 513], first_query: 32, visibility: WINDOW, slack: 9 },
    Case { heads: [2, 2], rows: 65, width: 72, keys: [65, 0], first_query: 0, visibility: Visibility::All, slack: 0 },
    Case { heads: [4, 1], rows: 20, width: 256, keys: [40, 37], first_query: 20, visibility: CAUSAL, slack: 2 },
    Case { heads: [2, 1], rows: 1, width: 256, keys: [1, 0], first_query: 0, visibility: CAUSAL, slack: 0 },
];

#[test]
fn tensor_cores_give_the_softmax() {
    for case in CASES {
        check(NEW, case, Element::Bf16, "attention_tensor");
    }
}

#[test]
fn plain_cuda_gives_the_softmax() {
    for case in CASES {
        check(OLD, case, Element::F32, "attention_plain_f32");
        check(OLD, Case { width: case.width.min(32) - 6, ..case }, Element::Bf16, "attention_plain_bf16");
    }
}

#[test]
fn metal_gives_the_softmax() {
    for case in CASES {
        check(Card::Metal, case, Element::F32, "attention_plain_f32");
        check(Card::Metal, Case { width: case.width.min(32) - 6, ..case }, Element::Bf16, "attention_plain_bf16");
    }
}

/// Whatever else there may be: lengths, groups, windows and splits drawn at random, small enough to be many.
#[test]
fn arbitrary_problems_give_the_softmax() {
    let mut random = Random(2);
    for _ in 0..12 {
        let kv_heads = 1 + random.below(2);
        let heads = kv_heads * (1 + random.below(5));
        let num_own = 1 + random.below(150);
        let rows = 1 + random.below(num_own.min(40));
        let visibility = match random.below(4) {
            0 => Visibility::All,
            1 => Visibility::Band { left: random.below(40), right: random.below(40) },
            2 => Visibility::Causal { window: Some(1 + random.below(60)) },
            _ => CAUSAL,
        };
        let case = Case {
            heads: [heads, kv_heads],
            rows,
            width: 8 * (1 + random.below(4)),
            keys: [num_own, random.below(3) * random.below(200)],
            first_query: random.below(num_own - rows + 1),
            visibility,
            slack: random.below(4),
        };
        let processors = 1 + random.below(40);
        check(Card::Cuda { processors, tensor_cores: true }, case, Element::Bf16, "attention_tensor_32");
        check(Card::Cuda { processors, tensor_cores: false }, case, Element::F32, "attention_plain_f32");
        check(Card::Metal, case, Element::F32, "attention_plain_f32");
    }
}
