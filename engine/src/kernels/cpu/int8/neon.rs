//! Int8 steps in aarch64 instructions.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "steps of innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::lanes::Lanes;

/// 128-bit registers with the four-byte product, which takes signed bytes on both sides.
pub(super) struct NeonDot;

impl Lanes for NeonDot {
    const GROUP: usize = 4;
    const BLOCK: usize = 32;

    type Sums = [int32x4_t; 4];
    type Weights = [int8x16_t; 4];

    #[inline(always)]
    unsafe fn load_sums(from: *const i32) -> Self::Sums {
        // SAFETY: the caller gives 16 numbers.
        unsafe { [vld1q_s32(from), vld1q_s32(from.add(4)), vld1q_s32(from.add(8)), vld1q_s32(from.add(12))] }
    }

    #[inline(always)]
    unsafe fn load_weights(from: *const i8) -> Self::Weights {
        // SAFETY: the caller gives 64 bytes.
        unsafe { [vld1q_s8(from), vld1q_s8(from.add(16)), vld1q_s8(from.add(32)), vld1q_s8(from.add(48))] }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sums, activations: *const u8, weights: Self::Weights) -> Self::Sums {
        // SAFETY: the caller gives 4 bytes and a CPU with the instruction.
        unsafe {
            // As f32, so that the bytes go straight into a vector register; nothing is computed with that number.
            let activations = activations.cast::<f32>().read_unaligned();
            let step = |quarter: usize| multiply_four_bytes(sums[quarter], weights[quarter], activations);
            [step(0), step(1), step(2), step(3)]
        }
    }

    #[inline(always)]
    unsafe fn put_scaled(sums: Self::Sums, row_scale: f32, column_scales: *const f32, into: *mut f32, add: bool) {
        for (quarter, sums) in sums.into_iter().enumerate() {
            // SAFETY: the caller gives 16 numbers behind each pointer.
            unsafe {
                let scales = vmulq_n_f32(vld1q_f32(column_scales.add(4 * quarter)), row_scale);
                let into = into.add(4 * quarter);
                let sums = vcvtq_f32_s32(sums);
                let product = if add { vfmaq_f32(vld1q_f32(into), sums, scales) } else { vmulq_f32(sums, scales) };
                vst1q_f32(into, product);
            }
        }
    }
}

/// `sums[i] += Σ weights[4i + j] · activations[j]` over the four bytes `j`. Rust has the instruction only in its unstable
/// part.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn multiply_four_bytes(mut sums: int32x4_t, weights: int8x16_t, activations: f32) -> int32x4_t {
    // SAFETY: the instruction reads and writes these registers only, and the function names the CPU's feature.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {activations:v}.4b[0]",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            activations = in(vreg) activations,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}
