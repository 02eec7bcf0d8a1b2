//! The int8 product in 512-bit registers: tiles of six rows by two panels, whose sums never leave the registers.
//!
//! With 32 registers there is room for 12 integer sums, 12 totals in f32, two panels of weights and one group of
//! activations. Two panels share each group, so there are 8 loads for 12 products; totals that stay in registers cost no
//! loads and stores after each block of 32.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

#[allow(clippy::wildcard_imports, reason = "instructions have telling names, and there are dozens of them")]
use std::arch::x86_64::*;
use std::ops::Range;

use super::super::PANEL;
use super::multiply::Product;
use super::{GROUP_BYTES, PackedMatrix, RowsView};

/// Rows of a tile.
const ROWS: usize = 6;

/// Activations that one instruction multiplies and adds up.
const GROUP: usize = 4;

/// Groups that share a scale.
const GROUPS_IN_BLOCK: usize = 8;

/// Computes a product.
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn multiply(mut product: Product<'_>) {
    let mut panel = product.panels.start;
    while panel < product.panels.end {
        if panel + 2 <= product.panels.end && (panel + 2) * PANEL <= product.matrix.outputs() {
            all_rows::<2>(&mut product, panel);
            panel += 2;
        } else {
            all_rows::<1>(&mut product, panel);
            panel += 1;
        }
    }
}

/// All rows with `P` panels.
#[inline(always)]
fn all_rows<const P: usize>(product: &mut Product<'_>, panel: usize) {
    let rows = product.rows.rows;
    let mut row = 0;
    while row + ROWS <= rows {
        tile::<ROWS, P>(product, panel, row);
        row += ROWS;
    }
    match rows - row {
        1 => tile::<1, P>(product, panel, row),
        2 => tile::<2, P>(product, panel, row),
        3 => tile::<3, P>(product, panel, row),
        4 => tile::<4, P>(product, panel, row),
        5 => tile::<5, P>(product, panel, row),
        _ => {}
    }
}

#[inline(always)]
fn tile<const R: usize, const P: usize>(product: &mut Product<'_>, panel: usize, row: usize) {
    let first = (panel - product.panels.start) * PANEL;
    let columns = (P * PANEL).min(product.matrix.outputs() - panel * PANEL);
    let at = row * product.to.stride + first;
    let end = at + (R - 1) * product.to.stride + columns;
    // A range without blocks writes nothing, but its product is 0.
    if columns == P * PANEL && !product.blocks.is_empty() {
        let (add, stride) = (product.to.accumulate, product.to.stride);
        let to = &mut product.to.values[at..end];
        // SAFETY: the slice reaches to the last of the tile's numbers.
        unsafe {
            sum_up::<R, P>(product.rows, product.matrix, &product.blocks, (panel, row), (to.as_mut_ptr(), stride, add));
        };
    } else {
        // Only a single panel can be narrower than a panel.
        let mut whole = [[0f32; PANEL]; R];
        if P == 1 {
            let to = whole.as_mut_ptr().cast();
            // SAFETY: there is room for the tile's rows.
            unsafe {
                sum_up::<R, 1>(product.rows, product.matrix, &product.blocks, (panel, row), (to, PANEL, false));
            };
        }
        for (r, values) in whole.iter().enumerate() {
            for part in 0..P {
                let columns = columns.saturating_sub(part * PANEL).min(PANEL);
                product.to.put(row + r, first + part * PANEL, &values[..columns]);
            }
        }
    }
}

/// The product of `R` rows with `P` panels: `to`, rows `stride` apart, gets it or, with `add`, gets it on top.
///
/// # Safety
/// `to` has room for `R` rows of `P` times 16 numbers; the CPU has the instructions.
#[inline(always)]
unsafe fn sum_up<const R: usize, const P: usize>(
    rows: RowsView<'_>,
    matrix: &PackedMatrix,
    blocks: &Range<usize>,
    (panel, row): (usize, usize),
    (to, stride, add): (*mut f32, usize, bool),
) {
    let (first_panel, _, _) = matrix.panel(panel);
    let groups = first_panel.len() / (GROUP * PANEL);
    let all_blocks = groups.div_ceil(GROUPS_IN_BLOCK);
    assert!(rows.bytes.len() >= (row + R - 1) * rows.byte_stride + groups * GROUP_BYTES, "rows are cut short");
    assert!(rows.scales.len() >= (row + R - 1) * rows.scale_stride + all_blocks, "scales are missing");
    assert!(blocks.end <= all_blocks, "the range ends behind the matrix");
    let mut weights = [std::ptr::null::<i8>(); P];
    let mut scales = [std::ptr::null::<f32>(); P];
    let mut starts = [std::ptr::null::<i32>(); P];
    for part in 0..P {
        // A panel that is not there panics here.
        let (bytes, of_columns, begins) = matrix.panel(panel + part);
        (weights[part], scales[part], starts[part]) = (bytes.as_ptr(), of_columns.as_ptr(), begins.as_ptr());
    }
    // SAFETY: what is read was checked above, what is written is the caller's promise.
    unsafe {
        let activations = rows.bytes.as_ptr().add(row * rows.byte_stride);
        let row_scales = rows.scales.as_ptr().add(row * rows.scale_stride);
        let mut totals = [[_mm512_setzero_ps(); P]; R];
        if add {
            for (r, totals) in totals.iter_mut().enumerate() {
                for (part, total) in totals.iter_mut().enumerate() {
                    *total = _mm512_loadu_ps(to.add(r * stride + part * PANEL));
                }
            }
        }
        for block in blocks.clone() {
            let mut sums = [[_mm512_setzero_si512(); P]; R];
            for sums in &mut sums {
                for (part, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_loadu_si512(starts[part].add(block * PANEL).cast());
                }
            }
            let first = block * GROUPS_IN_BLOCK;
            if first + GROUPS_IN_BLOCK <= groups {
                // A number of turns that is known is unrolled.
                for group in 0..GROUPS_IN_BLOCK {
                    step::<R, P>(&mut sums, activations, rows.byte_stride, &weights, first + group);
                }
            } else {
                for group in first..groups {
                    step::<R, P>(&mut sums, activations, rows.byte_stride, &weights, group);
                }
            }
            for (r, (totals, sums)) in totals.iter_mut().zip(&sums).enumerate() {
                let row_scale = _mm512_set1_ps(*row_scales.add(r * rows.scale_stride + block));
                for part in 0..P {
                    let scales = _mm512_mul_ps(row_scale, _mm512_loadu_ps(scales[part].add(block * PANEL)));
                    totals[part] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[part]), scales, totals[part]);
                }
            }
        }
        for (r, totals) in totals.iter().enumerate() {
            for (part, total) in totals.iter().enumerate() {
                _mm512_storeu_ps(to.add(r * stride + part * PANEL), *total);
            }
        }
    }
}

/// One group of every row with that of every panel.
///
/// # Safety
/// There is such a group behind each pointer.
#[inline(always)]
unsafe fn step<const R: usize, const P: usize>(
    sums: &mut [[__m512i; P]; R],
    activations: *const u8,
    byte_stride: usize,
    weights: &[*const i8; P],
    group: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut of_panels = [_mm512_setzero_si512(); P];
        for (loaded, from) in of_panels.iter_mut().zip(weights) {
            *loaded = _mm512_loadu_si512(from.add(group * GROUP * PANEL).cast());
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            let four = activations.add(r * byte_stride + group * GROUP_BYTES).cast::<i32>().read_unaligned();
            let four = _mm512_set1_epi32(four);
            for (sum, weights) in sums.iter_mut().zip(&of_panels) {
                *sum = _mm512_dpbusd_epi32(*sum, four, *weights);
            }
        }
    }
}
