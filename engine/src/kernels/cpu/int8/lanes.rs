//! The one step of an int8 product that differs between CPUs.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "steps of innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

use super::super::PANEL;

/// Sums for the 16 columns of a panel, and how a group of a row's activations is multiplied into them.
pub(super) trait Lanes {
    /// Activations in a group.
    const GROUP: usize;
    /// Activations that share a scale.
    const BLOCK: usize;
    /// Sixteen 32-bit sums.
    type Sums: Copy;
    /// A group of weights for each of sixteen columns.
    type Weights: Copy;

    /// Reads sixteen sums.
    ///
    /// # Safety
    /// `from` points at 16 numbers.
    unsafe fn load_sums(from: *const i32) -> Self::Sums;

    /// Reads sixteen columns' next group.
    ///
    /// # Safety
    /// `from` points at 16 groups of weights, one byte each.
    unsafe fn load_weights(from: *const i8) -> Self::Weights;

    /// `sums[column] += Σ activations[i] · weights[column][i]` over the group.
    ///
    /// # Safety
    /// `activations` points at 4 bytes; the CPU has the instructions that the type is named after.
    unsafe fn multiply_add(sums: Self::Sums, activations: *const u8, weights: Self::Weights) -> Self::Sums;

    /// `into[column] += row_scale · column_scales[column] · sums[column]`, or `=` in the place of `+=`.
    ///
    /// # Safety
    /// Both pointers point at 16 numbers.
    unsafe fn put_scaled(sums: Self::Sums, row_scale: f32, column_scales: *const f32, into: *mut f32, add: bool);
}

/// Plain code, for any CPU.
pub(super) struct Portable;

impl Lanes for Portable {
    const GROUP: usize = 4;
    const BLOCK: usize = 32;

    type Sums = [i32; PANEL];
    type Weights = [[i8; 4]; PANEL];

    #[inline(always)]
    unsafe fn load_sums(from: *const i32) -> Self::Sums {
        // SAFETY: the caller gives 16 numbers.
        unsafe { from.cast::<Self::Sums>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_weights(from: *const i8) -> Self::Weights {
        // SAFETY: the caller gives 64 bytes.
        unsafe { from.cast::<Self::Weights>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn multiply_add(mut sums: Self::Sums, activations: *const u8, weights: Self::Weights) -> Self::Sums {
        // SAFETY: the caller gives 4 bytes.
        let activations = unsafe { activations.cast::<[u8; 4]>().read_unaligned() };
        for (sum, column) in sums.iter_mut().zip(weights) {
            for (a, w) in activations.iter().zip(column) {
                *sum += i32::from(*a) * i32::from(w);
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn put_scaled(sums: Self::Sums, row_scale: f32, column_scales: *const f32, into: *mut f32, add: bool) {
        for (column, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller gives 16 numbers behind each pointer.
            unsafe {
                let before = if add { *into.add(column) } else { 0.0 };
                *into.add(column) = before + row_scale * *column_scales.add(column) * sum as f32;
            }
        }
    }
}
