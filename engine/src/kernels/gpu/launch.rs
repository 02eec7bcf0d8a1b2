//! Launch parameters of attention on a GPU: which kernel, how many blocks, how much shared memory.
//!
//! Pure arithmetic, so it is compiled and tested everywhere; `cuda/attention.cu` and `metal/attention.metal` must agree
//! with every number here.

use crate::kernels::attention::Visibility;

/// Widest head that the kernels take.
pub const WIDEST_HEAD: usize = 256;

/// A reach beyond any sequence, far enough from overflow to be added to positions.
const UNBOUNDED: i32 = 1 << 30;

/// Heads that the tensor cores' kernels are compiled for, and the keys of a block in each.
const TENSOR_WIDTHS: [(usize, usize); 5] = [(32, 64), (64, 64), (80, 64), (128, 64), (256, 32)];

/// Rows of a tile on the tensor cores: four warps of 16.
const TENSOR_ROWS: usize = 64;

/// Rows of a tile in the plain kernel, and keys of a block.
const PLAIN_ROWS: usize = 16;
const PLAIN_KEYS: usize = 16;
/// Metal offers 32 KiB of shared memory and no more.
const PLAIN_KEYS_ON_METAL: usize = 8;

/// Threads of a block, in all attention kernels.
pub const THREADS: u32 = 128;

/// Blocks of keys that are worth a split of their own.
const LEAST_BLOCKS_PER_SPLIT: usize = 4;

/// Blocks wanted at a time for each of the card's processors.
const BLOCKS_PER_PROCESSOR: usize = 2;

/// The kernels' parameters, the same fields as `Shape` in their sources.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Query heads.
    pub heads: i32,
    /// Key heads.
    pub kv_heads: i32,
    /// Queries.
    pub rows: i32,
    /// Width of a head.
    pub head_dim: i32,
    /// Keys of the queries' own sequence.
    pub num_own: i32,
    /// Keys of the second sequence.
    pub num_cross: i32,
    /// Position of the first query, counted from the first key of its own sequence.
    pub first_query: i32,
    /// Own keys seen before a query.
    pub left: i32,
    /// Own keys seen after a query.
    pub right: i32,
    /// Parts that the keys are divided into.
    pub splits: i32,
    /// The factor on scores, times log2(e).
    pub scale: f32,
    /// Keeps what follows at a multiple of eight bytes.
    pub unused: i32,
    /// Elements from one query head to the next.
    pub query_stride: i64,
    /// Elements from one head of the own keys, and of the own values, to the next.
    pub own_stride: i64,
    /// The same for the second sequence.
    pub cross_stride: i64,
}

/// Capabilities of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// CUDA.
    Cuda {
        /// Multiprocessors.
        processors: usize,
        /// Whether the kernels were compiled for tensor cores that take bf16.
        tensor_cores: bool,
    },
    /// Metal.
    Metal,
}

/// The type of queries, keys, values and results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32 bits.
    F32,
    /// The upper half of an f32.
    Bf16,
}

impl Element {
    /// The end of the kernels' names.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

/// A piece of attention.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Query heads.
    pub heads: usize,
    /// Key heads.
    pub kv_heads: usize,
    /// Queries.
    pub rows: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Keys of the queries' own sequence.
    pub num_own: usize,
    /// Keys of the second sequence.
    pub num_cross: usize,
    /// Position of the first query, counted from the first key of its own sequence.
    pub first_query: usize,
    /// Which own keys a query sees.
    pub visibility: Visibility,
    /// The factor on scores.
    pub scale: f64,
    /// The type of all tensors.
    pub element: Element,
    /// Elements from one query head to the next.
    pub query_stride: usize,
    /// Elements from one head of the own keys to the next.
    pub own_stride: usize,
    /// Elements from one head of the second sequence's keys to the next.
    pub cross_stride: usize,
}

/// How to start the kernels for a [`Problem`].
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Name of the attention kernel.
    pub kernel: String,
    /// Its parameters.
    pub shape: Shape,
    /// Blocks: tiles of rows, key heads, splits.
    pub grid: [u32; 3],
    /// Shared memory of a block.
    pub shared_bytes: u32,
}

impl Launch {
    /// The launch of `problem` on `card`; `None` for unsupported cases: wider heads, sizes beyond 2³⁰.
    pub fn new(problem: &Problem, card: Card) -> Option<Self> {
        let Problem { heads, kv_heads, rows, head_dim, num_own, num_cross, .. } = *problem;
        let fits = |size: usize| size < UNBOUNDED as usize;
        let sizes = [heads.checked_mul(rows)?, problem.first_query + rows, num_own, num_cross];
        if head_dim == 0 || head_dim > WIDEST_HEAD || rows == 0 || !heads.is_multiple_of(kv_heads) {
            return None;
        }
        if !sizes.into_iter().all(fits) {
            return None;
        }
        let tiling = Tiling::new(problem, card);
        let (left, right) = reach(problem.visibility);
        let tiles = (rows * (heads / kv_heads)).div_ceil(tiling.rows);
        let seen = num_own.min((left as usize).saturating_add(right as usize) + 1);
        let blocks = seen.div_ceil(tiling.keys) + num_cross.div_ceil(tiling.keys);
        let wanted = match card {
            Card::Cuda { processors, .. } => BLOCKS_PER_PROCESSOR * processors,
            // Metal does not report it; an average machine has this many cores.
            Card::Metal => BLOCKS_PER_PROCESSOR * 16,
        };
        let splits = (wanted / (tiles * kv_heads)).clamp(1, (blocks / LEAST_BLOCKS_PER_SPLIT).max(1));
        let int = |size: usize| size as i32;
        let shape = Shape {
            heads: int(heads),
            kv_heads: int(kv_heads),
            rows: int(rows),
            head_dim: int(head_dim),
            num_own: int(num_own),
            num_cross: int(num_cross),
            first_query: int(problem.first_query),
            left,
            right,
            splits: int(splits),
            scale: (problem.scale * std::f64::consts::LOG2_E) as f32,
            unused: 0,
            query_stride: problem.query_stride as i64,
            own_stride: problem.own_stride as i64,
            cross_stride: problem.cross_stride as i64,
        };
        let grid = [tiles as u32, kv_heads as u32, splits as u32];
        Some(Self { kernel: tiling.kernel, shape, grid, shared_bytes: tiling.shared_bytes as u32 })
    }

    /// Sizes of the intermediate results for `attention_combine`: partial sums, and their logarithms. Without splits there
    /// are no partial sums, and the logarithms are the result.
    pub fn scratch(&self) -> (usize, usize) {
        let Shape { heads, rows, head_dim, splits, .. } = self.shape;
        let logarithms = splits as usize * heads as usize * rows as usize;
        (if splits == 1 { 0 } else { logarithms * head_dim as usize }, logarithms)
    }
}

/// How rows and keys are cut.
struct Tiling {
    kernel: String,
    rows: usize,
    keys: usize,
    shared_bytes: usize,
}

impl Tiling {
    fn new(problem: &Problem, card: Card) -> Self {
        let width = problem.head_dim;
        let on_tensor_cores = matches!(card, Card::Cuda { tensor_cores: true, .. })
            && problem.element == Element::Bf16
            && [width, problem.query_stride, problem.own_stride, problem.cross_stride].iter().all(|n| n % 8 == 0);
        let compiled = TENSOR_WIDTHS.into_iter().find(|(compiled, _)| *compiled >= width);
        if let Some((compiled, keys)) = compiled.filter(|_| on_tensor_cores) {
            // Queries, keys and values, each row 16 bytes longer than what it holds.
            let shared_bytes = (TENSOR_ROWS + 2 * keys) * (compiled + 8) * size_of::<u16>();
            return Self { kernel: format!("attention_tensor_{compiled}"), rows: TENSOR_ROWS, keys, shared_bytes };
        }
        let (keys, query_pitch, key_pitch) = match card {
            // Rows of keys are one longer, so that the same column of each lies in another bank.
            Card::Cuda { .. } => (PLAIN_KEYS, width, width + 1),
            Card::Metal => (PLAIN_KEYS_ON_METAL, width.next_multiple_of(4), width.next_multiple_of(4)),
        };
        // Queries, keys (then values), scores, and three numbers a row.
        let numbers = PLAIN_ROWS * query_pitch + keys * key_pitch + PLAIN_ROWS * keys + 3 * PLAIN_ROWS;
        let kernel = format!("attention_plain_{}", problem.element.name());
        Self { kernel, rows: PLAIN_ROWS, keys, shared_bytes: numbers * size_of::<f32>() }
    }
}

/// Keys seen before and after a query.
fn reach(visibility: Visibility) -> (i32, i32) {
    let bounded = |keys: usize| keys.min(UNBOUNDED as usize) as i32;
    match visibility {
        Visibility::All => (UNBOUNDED, UNBOUNDED),
        Visibility::Band { left, right } => (bounded(left), bounded(right)),
        Visibility::Causal { window } => (window.map_or(UNBOUNDED, |window| bounded(window.saturating_sub(1))), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Card = Card::Cuda { processors: 108, tensor_cores: true };

    fn problem(rows: usize, num_own: usize, num_cross: usize) -> Problem {
        Problem {
            heads: 4,
            kv_heads: 1,
            rows,
            head_dim: 256,
            num_own,
            num_cross,
            first_query: num_own - rows,
            visibility: Visibility::Causal { window: None },
            scale: 1.0,
            element: Element::Bf16,
            query_stride: rows * 256,
            own_stride: num_own * 256,
            cross_stride: num_cross * 256,
        }
    }

    /// Sizes as the C compilers lay them out.
    #[test]
    fn shape_has_no_gaps() {
        assert_eq!(size_of::<Shape>(), 12 * 4 + 3 * 8);
    }

    /// One token over 128K encoded ones keeps every processor busy; a long window needs no splits.
    #[test]
    fn few_rows_are_split_over_keys() {
        let few = Launch::new(&problem(1, 100, 131_072), CARD).unwrap();
        assert_eq!(few.grid, [1, 1, 216]);
        let many = Launch::new(&problem(16_384, 16_384, 0), CARD).unwrap();
        assert_eq!(many.grid, [1024, 1, 1]);
        assert_eq!(many.scratch(), (0, 4 * 16_384));
    }

    /// What a card of any age gives a block without being asked, and what it gives when asked.
    #[test]
    fn shared_memory_is_what_cards_have() {
        for head_dim in 1..=WIDEST_HEAD {
            for element in [Element::F32, Element::Bf16] {
                let strides = head_dim * 64;
                let problem =
                    Problem { head_dim, element, query_stride: strides, own_stride: strides, ..problem(64, 64, 64) };
                let bytes = |card| Launch::new(&problem, card).unwrap().shared_bytes;
                assert!(bytes(Card::Metal) <= 32 << 10, "{head_dim}");
                assert!(bytes(Card::Cuda { processors: 40, tensor_cores: false }) <= 48 << 10, "{head_dim}");
                assert!(bytes(CARD) <= 99 << 10, "{head_dim}");
            }
        }
    }

    #[test]
    fn odd_widths_and_types_get_the_plain_kernel() {
        for (head_dim, element, expected) in [
            (256, Element::Bf16, "attention_tensor_256"),
            (72, Element::Bf16, "attention_tensor_80"),
            (10, Element::Bf16, "attention_plain_bf16"),
            (256, Element::F32, "attention_plain_f32"),
        ] {
            let strides = head_dim * 64;
            let problem =
                Problem { head_dim, element, query_stride: strides, own_stride: strides, ..problem(64, 64, 0) };
            assert_eq!(Launch::new(&problem, CARD).unwrap().kernel, expected);
        }
        assert_eq!(Launch::new(&Problem { head_dim: 257, ..problem(1, 1, 0) }, CARD), None);
    }
}
