//! Reusable buffers.

use std::sync::{Mutex, PoisonError};

use crate::kernels::cpu::attention::Tile;
use crate::kernels::cpu::int8::QuantizedRows;
use crate::kernels::threads;

/// Most rows that one thread takes through a layer at a time: whole tiles of 6 and of 12 rows, and few enough that intermediate
/// results fit in a core's cache.
pub(super) const BLOCK_ROWS: usize = 96;

/// Query rows of an attention tile, over the heads of a group.
pub(super) const TILE_ROWS: usize = 96;

/// Rows per block, such that the blocks of `rows` rows are divided evenly among the threads.
pub(super) fn block_rows(rows: usize) -> usize {
    let threads = threads::count();
    let each = rows.div_ceil(threads * BLOCK_ROWS).max(1);
    rows.div_ceil(threads * each).next_multiple_of(12).min(BLOCK_ROWS)
}

/// Buffers for a block of rows in a layer.
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

/// Unused buffers; there are never more than threads.
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

/// The first `len` numbers of a buffer, grown as needed; their values are unspecified.
pub(super) fn room(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}
