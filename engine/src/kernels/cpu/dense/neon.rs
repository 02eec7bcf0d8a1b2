//! f32 steps in aarch64 instructions.

#![expect(unsafe_code, clippy::inline_always, reason = "steps of innermost loops, on pointers")]

use std::arch::aarch64::*;

use half::bf16;

use super::lanes::Lanes;

/// 128-bit registers with fused multiply-add, which every aarch64 CPU has.
pub(super) struct Neon;

impl Lanes for Neon {
    type Sixteen = [float32x4_t; 4];

    #[inline(always)]
    unsafe fn zeros() -> Self::Sixteen {
        // SAFETY: all aarch64 CPUs have the instructions.
        unsafe { [vdupq_n_f32(0.0); 4] }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))] }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe {
            let low = vld1q_u16(from.cast());
            let high = vld1q_u16(from.add(8).cast());
            [
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_low_u16(low))),
                vreinterpretq_f32_u32(vshll_high_n_u16::<16>(low)),
                vreinterpretq_f32_u32(vshll_n_u16::<16>(vget_low_u16(high))),
                vreinterpretq_f32_u32(vshll_high_n_u16::<16>(high)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sixteen, x: *const f32, weights: Self::Sixteen) -> Self::Sixteen {
        // SAFETY: the caller gives a number.
        unsafe {
            let x = *x;
            let step = |quarter: usize| vfmaq_n_f32(sums[quarter], weights[quarter], x);
            [step(0), step(1), step(2), step(3)]
        }
    }

    #[inline(always)]
    unsafe fn store(sums: Self::Sixteen, to: *mut f32) {
        for (quarter, sums) in sums.into_iter().enumerate() {
            // SAFETY: the caller gives room for 16 numbers.
            unsafe { vst1q_f32(to.add(4 * quarter), sums) };
        }
    }
}
