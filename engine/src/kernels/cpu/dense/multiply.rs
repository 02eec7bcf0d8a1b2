//! The product of f32 rows with a packed matrix.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "code compiled for instructions that were found, without checks in the innermost loop"
)]

use std::ops::Range;

use super::super::{Destination, Isa, PANEL};
use super::lanes::{Lanes, Portable};
use super::{Number, PackedMatrix};

/// Rows of f32, as a product reads them.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The numbers of row 0 begin here.
    pub values: &'a [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
    /// Number of rows.
    pub rows: usize,
}

/// `to[row][column] = Σ rows[row][k] · matrix[column][k]` over the `inner` range of `k`, for the columns of `panels`, the
/// first of which goes to column 0 of `to`. Runs on the calling thread.
pub fn multiply<T: Number>(
    isa: Isa,
    rows: Rows<'_>,
    matrix: &PackedMatrix<T>,
    panels: Range<usize>,
    inner: Range<usize>,
    to: Destination<'_>,
) {
    let product = Product { rows, matrix, panels, inner, to };
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: such a value only exists where the instructions were found.
        Isa::Avx2 | Isa::AvxVnni => unsafe { multiply_avx2(product) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx512Vnni => unsafe { multiply_avx512(product) },
        #[cfg(target_arch = "aarch64")]
        Isa::NeonDot => product.run::<super::neon::Neon, 6>(),
        _ => product.run::<Portable, 2>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_avx2<T: Number>(product: Product<'_, T>) {
    product.run::<super::x86::Avx2, 6>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl")]
fn multiply_avx512<T: Number>(product: Product<'_, T>) {
    product.run::<super::x86::Avx512, 12>();
}

struct Product<'a, T> {
    rows: Rows<'a>,
    matrix: &'a PackedMatrix<T>,
    panels: Range<usize>,
    inner: Range<usize>,
    to: Destination<'a>,
}

impl<T: Number> Product<'_, T> {
    /// `R` rows share each read of the weights: their sums fill the registers.
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
        let weights = &self.matrix.panel(panel)[self.inner.start * PANEL..self.inner.end * PANEL];
        let x = &self.rows.values[row * self.rows.stride + self.inner.start..];
        if columns == PANEL {
            let (stride, add) = (self.to.stride, self.to.accumulate);
            let to = &mut self.to.values[at..end];
            // SAFETY: the slice reaches to the last of the tile's numbers.
            unsafe { sum_up::<T, L, R>(x, self.rows.stride, weights, to.as_mut_ptr(), stride, add) };
        } else {
            let mut whole = [[0f32; PANEL]; R];
            // SAFETY: there is room for the tile's rows.
            unsafe { sum_up::<T, L, R>(x, self.rows.stride, weights, whole.as_mut_ptr().cast(), PANEL, false) };
            for (r, values) in whole.iter().enumerate() {
                self.to.put(row + r, first, &values[..columns]);
            }
        }
    }
}

/// The product of `R` rows `x`, `x_stride` apart, with one panel: `to`, rows `stride` apart, gets it or, with `add`, gets it
/// on top.
///
/// # Safety
/// `to` has room for `R` rows of 16 numbers; the CPU has the instructions of `L`.
#[inline(always)]
unsafe fn sum_up<T: Number, L: Lanes, const R: usize>(
    x: &[f32],
    x_stride: usize,
    weights: &[T],
    to: *mut f32,
    stride: usize,
    add: bool,
) {
    let inner = weights.len() / PANEL;
    assert!(inner == 0 || x.len() >= (R - 1) * x_stride + inner, "rows are cut short");
    // SAFETY: what is read was checked above, what is written is the caller's promise.
    unsafe {
        let (x, weights) = (x.as_ptr(), weights.as_ptr());
        let mut sums = [L::zeros(); R];
        if add {
            for (r, sums) in sums.iter_mut().enumerate() {
                *sums = L::load(to.add(r * stride));
            }
        }
        for k in 0..inner {
            let weights = T::load::<L>(weights.add(k * PANEL));
            for (r, sums) in sums.iter_mut().enumerate() {
                *sums = L::multiply_add(*sums, x.add(r * x_stride + k), weights);
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            L::store(sums, to.add(r * stride));
        }
    }
}
