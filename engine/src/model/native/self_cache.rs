//! The cache of one decoder layer: keys and values of the decoder's own tokens.
//!
//! They are f32, because there are few of them compared to the encoder's. A local layer drops whole blocks that have left its
//! window.

use std::ops::Range;

use crate::kernels::attention::Visibility;
use crate::kernels::cpu::attention::{KEY_BLOCK, KeyBlock};

/// The cache of one layer.
#[derive(Debug)]
pub(crate) struct SelfCache {
    window: Option<usize>,
    /// Head by head, `[k][blocks]`.
    heads: Vec<Vec<KeyBlock>>,
    len: usize,
    first_position: usize,
}

impl SelfCache {
    /// An empty cache; `window` is the number of keys that a local layer sees.
    pub(super) fn new(window: Option<usize>, heads: usize) -> Self {
        Self { window, heads: vec![Vec::new(); heads], len: 0, first_position: 0 }
    }

    /// Adds the keys and values `[t, d]` of one head; [`SelfCache::advance`] counts them once all heads have theirs.
    pub(super) fn append(&mut self, head: usize, keys: &[f32], values: &[f32], width: usize) {
        let blocks = &mut self.heads[head];
        for (row, (key, value)) in keys.chunks_exact(width).zip(values.chunks_exact(width)).enumerate() {
            let at = self.len + row;
            if at / KEY_BLOCK == blocks.len() {
                blocks.push(KeyBlock::empty(width, width));
            }
            blocks[at / KEY_BLOCK].set(at % KEY_BLOCK, key, value);
        }
    }

    /// Counts `added` keys, once all heads have them.
    pub(super) fn advance(&mut self, added: usize) {
        self.len += added;
    }

    /// Drops keys that no later query of a local layer sees.
    pub(super) fn forget(&mut self) {
        let Some(window) = self.window else { return };
        let dropped = self.len.saturating_sub(window) / KEY_BLOCK;
        for blocks in &mut self.heads {
            blocks.drain(..dropped);
        }
        self.len -= dropped * KEY_BLOCK;
        self.first_position += dropped * KEY_BLOCK;
    }

    /// Blocks of a head.
    pub(super) fn blocks(&self, head: usize) -> &[KeyBlock] {
        &self.heads[head]
    }

    /// Keys held.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Position of the first key held.
    pub(super) fn first_position(&self) -> usize {
        self.first_position
    }

    /// Keys held that the query at `position` sees.
    pub(super) fn seen(&self, position: usize) -> Range<usize> {
        Visibility::Causal { window: self.window }.seen(position - self.first_position, self.len)
    }
}
