//! Buffers that outlive the task they were made for.

use std::sync::{Mutex, PoisonError};

use crate::kernels::cpu::attention::Tile;
use crate::kernels::cpu::int8::QuantizedRows;
use crate::kernels::threads;

/// Rows that one thread takes through a layer at a time, at most: whole tiles of 6 and of 12 rows, and what lies between two
/// products of so many rows fits into a core's cache.
pub(super) const BLOCK_ROWS: usize = 96;

/// Query rows of an attention tile, over the heads of a group.
pub(super) const TILE_ROWS: usize = 96;

/// Rows of a block, such that the blocks of `rows` rows are shared evenly among the threads.
pub(super) fn block_rows(rows: usize) -> usize {
    let threads = threads::count();
    let each = rows.div_ceil(threads * BLOCK_ROWS).max(1);
    rows.div_ceil(threads * each).next_multiple_of(12).min(BLOCK_ROWS)
}

/// What a block of rows needs on its way through a layer.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) normed: Vec<f32>,
    pub(super) queries: Vec<f32>,
    pub(super) gathered: Vec<f32>,
    pub(super) mixed: Vec<f32>,
    pub(super) projected: Vec<f32>,
    pub(super) inner: Vec<f32>,
    pub(super) up: Vec<f32>,
    pub(super) quantized: QuantizedRows,
    pub(super) tile: Tile,
}

/// Buffers not in use; there are never more than threads.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Scratch>>);

impl Pool {
    /// Lends buffers to `work`.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = taken.unwrap_or_default();
        let result = work(&mut scratch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        result
    }
}

/// Makes room for `len` numbers, whatever they are, and gives it.
pub(super) fn room(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
