//! The steps of an f32 product that differ between CPUs.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "steps of innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

use half::bf16;

use super::super::PANEL;

/// Sixteen f32 side by side.
pub trait Lanes {
    /// The numbers, in registers.
    type Sixteen: Copy;

    /// All zeros.
    ///
    /// # Safety
    /// The CPU has the instructions that the type is named after.
    unsafe fn zeros() -> Self::Sixteen;

    /// Reads f32.
    ///
    /// # Safety
    /// `from` points at 16 numbers.
    unsafe fn load(from: *const f32) -> Self::Sixteen;

    /// Reads and widens bf16.
    ///
    /// # Safety
    /// `from` points at 16 numbers.
    unsafe fn load_bf16(from: *const bf16) -> Self::Sixteen;

    /// `sums + x · weights`.
    ///
    /// # Safety
    /// `x` points at a number; the CPU has the instructions that the type is named after.
    unsafe fn multiply_add(sums: Self::Sixteen, x: *const f32, weights: Self::Sixteen) -> Self::Sixteen;

    /// Writes the numbers.
    ///
    /// # Safety
    /// `to` points at 16 numbers.
    unsafe fn store(sums: Self::Sixteen, to: *mut f32);
}

/// Plain code, for any CPU.
pub(super) struct Portable;

impl Lanes for Portable {
    type Sixteen = [f32; PANEL];

    #[inline(always)]
    unsafe fn zeros() -> Self::Sixteen {
        [0.0; PANEL]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe { from.cast::<Self::Sixteen>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        let narrow = unsafe { from.cast::<[u16; PANEL]>().read_unaligned() };
        narrow.map(|bits| f32::from_bits(u32::from(bits) << 16))
    }

    #[inline(always)]
    unsafe fn multiply_add(mut sums: Self::Sixteen, x: *const f32, weights: Self::Sixteen) -> Self::Sixteen {
        // SAFETY: the caller gives a number.
        let x = unsafe { *x };
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum += x * weight;
        }
        sums
    }

    #[inline(always)]
    unsafe fn store(sums: Self::Sixteen, to: *mut f32) {
        // SAFETY: the caller gives room for 16 numbers.
        unsafe { to.cast::<Self::Sixteen>().write_unaligned(sums) }
    }
}
