//! The product of quantised rows with a packed matrix.

#![expect(unsafe_code, clippy::inline_always, reason = "code compiled for instructions that were found, without checks in the innermost loop")]

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
        Isa::Avx512Vnni => unsafe { multiply_avx512(product) },
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")]
fn multiply_avx512(product: Product<'_>) {
    product.run::<super::x86::Avx512Vnni, 4>();
}

/// Six rows of four sums each, four registers of weights and one of activations: 29 of 32.
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon,dotprod")]
fn multiply_neon(product: Product<'_>) {
    product.run::<super::neon::NeonDot, 6>();
}

struct Product<'a> {
    rows: RowsView<'a>,
    matrix: &'a PackedMatrix,
    panels: Range<usize>,
    blocks: Range<usize>,
    to: Destination<'a>,
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
            while row < self.rows.rows {
                self.tile::<L, 1>(panel, row);
                row += 1;
            }
        }
    }

    #[inline(always)]
    fn tile<L: Lanes, const R: usize>(&mut self, panel: usize, row: usize) {
        let (weights, scales, starts) = self.matrix.panel(panel);
        let groups = weights.len() / (L::GROUP * PANEL);
        let mut out = [[0f32; PANEL]; R];
        let rows = self.rows;
        assert!(rows.bytes.len() >= (row + R - 1) * rows.byte_stride + groups * GROUP_BYTES);
        assert!(rows.scales.len() >= (row + R - 1) * rows.scale_stride + groups.div_ceil(L::BLOCK / L::GROUP));
        unsafe {
            let a = rows.bytes.as_ptr().add(row * rows.byte_stride);
            for block in self.blocks.clone() {
                let first = block * (L::BLOCK / L::GROUP);
                let last = (first + L::BLOCK / L::GROUP).min(groups);
                let mut sums = [L::load_sums(starts.as_ptr().add(block * PANEL)); R];
                for group in first..last {
                    let w = L::load_weights(weights.as_ptr().add(group * L::GROUP * PANEL));
                    for r in 0..R {
                        sums[r] = L::multiply_add(sums[r], a.add(r * rows.byte_stride + group * GROUP_BYTES), w);
                    }
                }
                for r in 0..R {
                    let scale = *rows.scales.get_unchecked((row + r) * rows.scale_stride + block);
                    L::add_scaled(sums[r], scale, scales.as_ptr().add(block * PANEL), out[r].as_mut_ptr());
                }
            }
        }
        let first = (panel - self.panels.start) * PANEL;
        let columns = PANEL.min(self.matrix.outputs() - panel * PANEL);
        for (r, out) in out.iter().enumerate() {
            self.to.put(row + r, first, &out[..columns]);
        }
    }
}
