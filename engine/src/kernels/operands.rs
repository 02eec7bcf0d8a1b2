//! What attention is computed over, and who sees its probabilities.

use std::ops::Range;

use candle_core::{Result, Tensor};

/// Which keys a query at some position sees, both counted in the same sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// All keys.
    All,
    /// Keys from `left` before the query to `right` after it, itself included.
    Band {
        /// Keys seen before the query.
        left: usize,
        /// Keys seen after the query.
        right: usize,
    },
    /// Keys up to the query itself, at most `window` of them where it is given.
    Causal {
        /// Keys seen at most, the query's own among them.
        window: Option<usize>,
    },
}

impl Visibility {
    /// The bidirectional window of an encoder's local layers: `window` keys, for an even one `window / 2 - 1` before the
    /// query and `window / 2` after it (reference description §2.4: visible iff `0 <= q-k < (w+1)/2` or `0 < k-q < w/2+1`).
    pub fn encoder_window(window: usize) -> Self {
        Self::Band { left: window.div_ceil(2).saturating_sub(1), right: window / 2 }
    }

    /// Keys that any of the queries at `rows` may see, of `keys` in all.
    pub(super) fn reach(self, rows: &Range<usize>, keys: usize) -> Range<usize> {
        match self {
            Self::All => 0..keys,
            Self::Band { left, right } => rows.start.saturating_sub(left)..(rows.end + right).min(keys),
            Self::Causal { window } => {
                let first = window.map_or(0, |window| (rows.start + 1).saturating_sub(window));
                first..rows.end.min(keys)
            }
        }
    }

    /// Keys that the query at `position` sees.
    pub fn seen(self, position: usize, keys: usize) -> Range<usize> {
        self.reach(&(position..position + 1), keys)
    }
}

/// Keys and values of the sequence that the queries belong to.
#[derive(Clone, Debug)]
pub struct OwnKeys {
    /// Rotated keys, `[k, n, d]`.
    pub keys: Tensor,
    /// Values, `[k, n, d]`.
    pub values: Tensor,
    /// Position of the first key in the sequence (above 0 where old keys were dropped).
    pub first_position: usize,
    /// What a query sees of them.
    pub visibility: Visibility,
}

/// Keys of another sequence, all visible to every query: the encoder's, in merged attention.
pub trait CrossKeys {
    /// Number of keys.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys and values `[k, n, d]`, where they are stored as such: GPU kernels read them directly.
    fn keys_values(&self) -> Option<(&Tensor, &Tensor)> {
        None
    }

    /// Scores before scaling: `queries` `[k, g·r, d]` against all keys; returns `[k, g·r, n]`.
    ///
    /// # Errors
    /// Fails where the shapes do not fit.
    fn scores(&self, queries: &Tensor) -> Result<Tensor>;

    /// `probabilities` `[k, g·r, n]` times the values; returns `[k, g·r, d]`.
    ///
    /// # Errors
    /// Fails where the shapes do not fit.
    fn mix(&self, probabilities: &Tensor) -> Result<Tensor>;
}

/// Receives attention probabilities.
pub trait AttentionSink {
    /// Takes the probabilities of `rows` queries over the sequence's own keys, averaged over heads: `[r, n]`, the first
    /// key standing at `first_position`.
    ///
    /// # Errors
    /// Fails where the tensor cannot be read.
    fn own(&mut self, probabilities: &Tensor, first_position: usize) -> Result<()>;

    /// Takes the probabilities over the further keys, averaged over heads: `[r, n]`.
    ///
    /// # Errors
    /// Fails where the tensor cannot be read.
    fn cross(&mut self, probabilities: &Tensor) -> Result<()>;
}
