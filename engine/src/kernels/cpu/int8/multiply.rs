//! The product of quantised rows with a packed matrix.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "code compiled for instructions that were found, without checks in the innermost loop"
)]

use std::ops::Range;

use super::super::{Destination, Isa, PANEL};
use super::lanes::{Lanes, Portable};
use super::{GROUP_BYTES, PackedMatrix, RowsView};

/// `to[row][column] = Σ rows[row][k] · matrix[column][k]` over the `inner` range of `k`, which begins and ends with whole blocks, for the columns of
/// `panels`, the first of which goes to column 0 of `to`. Runs on the calling thread.
pub fn multiply(
    isa: Isa,
    rows: RowsView<'_>,
    matrix: &PackedMatrix,
    panels: Range<usize>,
    inner: Range<usize>,
    to: Destination<'_>,
) {
    let product = Product { rows, matrix, panels, blocks: matrix.blocks(inner), to };
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: such a value only exists where the instructions were found.
        Isa::Avx2 => unsafe { multiply_avx2(product) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::AvxVnni => unsafe { multiply_vnni(product) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx512Vnni => unsafe { super::avx512::multiply(product) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        Isa::NeonDot => unsafe { multiply_neon(product) },
        _ => product.run::<Portable, 4>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_avx2(product: Product<'_>) {
    product.run::<super::x86::Avx2, 6>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avxvnni")]
fn multiply_vnni(product: Product<'_>) {
    product.run::<super::x86::AvxVnni, 4>();
}

/// Six rows of four sums each, four registers of weights and one of activations: 29 of 32.
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon,dotprod")]
fn multiply_neon(product: Product<'_>) {
    product.run::<super::neon::NeonDot, 6>();
}

/// A product to be computed.
pub(super) struct Product<'a> {
    pub(super) rows: RowsView<'a>,
    pub(super) matrix: &'a PackedMatrix,
    pub(super) panels: Range<usize>,
    /// Of the inner dimension.
    pub(super) blocks: Range<usize>,
    pub(super) to: Destination<'a>,
}

impl Product<'_> {
    #[inline(always)]
    fn run<L: Lanes, const R: usize>(mut self) {
        for panel in self.panels.clone() {
            let mut row = 0;
            while row + R <= self.rows.rows {
                self.tile::<L, R>(panel, row);
                row += R;
            }
            if row + 4 <= self.rows.rows {
                self.tile::<L, 4>(panel, row);
                row += 4;
            }
            if row + 2 <= self.rows.rows {
                self.tile::<L, 2>(panel, row);
                row += 2;
            }
            while row < self.rows.rows {
                self.tile::<L, 1>(panel, row);
                row += 1;
            }
        }
    }

    #[inline(always)]
    fn tile<L: Lanes, const R: usize>(&mut self, panel: usize, row: usize) {
        let first = (panel - self.panels.start) * PANEL;
        let columns = PANEL.min(self.matrix.outputs() - panel * PANEL);
        let at = row * self.to.stride + first;
        let end = at + (R - 1) * self.to.stride + columns;
        // A range without blocks writes nothing, but its product is 0.
        if columns == PANEL && !self.blocks.is_empty() {
            let add = self.to.accumulate;
            let stride = self.to.stride;
            let to = &mut self.to.values[at..end];
            // SAFETY: the slice reaches to the last of the tile's numbers.
            unsafe { sum_up::<L, R>(self.rows, self.matrix, &self.blocks, panel, row, to.as_mut_ptr(), stride, add) };
        } else {
            let mut whole = [[0f32; PANEL]; R];
            let to = whole.as_mut_ptr().cast();
            // SAFETY: there is room for the tile's rows.
            unsafe { sum_up::<L, R>(self.rows, self.matrix, &self.blocks, panel, row, to, PANEL, false) };
            for (r, values) in whole.iter().enumerate() {
                self.to.put(row + r, first, &values[..columns]);
            }
        }
    }
}

/// The product of `R` rows from `row` on with one panel: `to`, rows `stride` apart, gets it or, with `add`, gets it on top.
///
/// # Safety
/// `to` has room for `R` rows of 16 numbers; the CPU has the instructions of `L`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the innermost step, inlined twice")]
unsafe fn sum_up<L: Lanes, const R: usize>(
    rows: RowsView<'_>,
    matrix: &PackedMatrix,
    blocks: &Range<usize>,
    panel: usize,
    row: usize,
    to: *mut f32,
    stride: usize,
    add: bool,
) {
    let (weights, scales, starts) = matrix.panel(panel);
    let groups = weights.len() / (L::GROUP * PANEL);
    let per_block = L::BLOCK / L::GROUP;
    assert!(rows.bytes.len() >= (row + R - 1) * rows.byte_stride + groups * GROUP_BYTES, "rows are cut short");
    assert!(rows.scales.len() >= (row + R - 1) * rows.scale_stride + groups.div_ceil(per_block), "scales are missing");
    assert!(blocks.end <= groups.div_ceil(per_block), "the range ends behind the matrix");
    // SAFETY: what is read was checked above, what is written is the caller's promise.
    unsafe {
        let activations = rows.bytes.as_ptr().add(row * rows.byte_stride);
        for block in blocks.clone() {
            let last = ((block + 1) * per_block).min(groups);
            let mut sums = [L::load_sums(starts.as_ptr().add(block * PANEL)); R];
            for group in block * per_block..last {
                let weights = L::load_weights(weights.as_ptr().add(group * L::GROUP * PANEL));
                for (r, sums) in sums.iter_mut().enumerate() {
                    let from = activations.add(r * rows.byte_stride + group * GROUP_BYTES);
                    *sums = L::multiply_add(*sums, from, weights);
                }
            }
            let add = add || block > blocks.start;
            for (r, sums) in sums.into_iter().enumerate() {
                let scale = *rows.scales.get_unchecked((row + r) * rows.scale_stride + block);
                L::put_scaled(sums, scale, scales.as_ptr().add(block * PANEL), to.add(r * stride), add);
            }
        }
    }
}
