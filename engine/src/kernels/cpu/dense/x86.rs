//! f32 steps in x86 instructions.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "steps of innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

#[allow(clippy::wildcard_imports, reason = "instructions have telling names, and there are dozens of them")]
use std::arch::x86_64::*;

use half::bf16;

use super::lanes::Lanes;

/// 256-bit registers with fused multiply-add.
pub(super) struct Avx2;

/// 512-bit registers.
pub(super) struct Avx512;

impl Lanes for Avx2 {
    type Sixteen = [__m256; 2];

    #[inline(always)]
    unsafe fn zeros() -> Self::Sixteen {
        // SAFETY: the caller gives a CPU with the instructions.
        unsafe { [_mm256_setzero_ps(); 2] }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe {
            let half = |at: usize| {
                let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.add(at).cast()));
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide))
            };
            [half(0), half(8)]
        }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sixteen, x: *const f32, weights: Self::Sixteen) -> Self::Sixteen {
        // SAFETY: the caller gives a number and a CPU with the instructions.
        unsafe {
            let x = _mm256_broadcast_ss(&*x);
            [_mm256_fmadd_ps(x, weights[0], sums[0]), _mm256_fmadd_ps(x, weights[1], sums[1])]
        }
    }

    #[inline(always)]
    unsafe fn store(sums: Self::Sixteen, to: *mut f32) {
        // SAFETY: the caller gives room for 16 numbers.
        unsafe {
            _mm256_storeu_ps(to, sums[0]);
            _mm256_storeu_ps(to.add(8), sums[1]);
        }
    }
}

impl Lanes for Avx512 {
    type Sixteen = __m512;

    #[inline(always)]
    unsafe fn zeros() -> Self::Sixteen {
        // SAFETY: the caller gives a CPU with the instructions.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const bf16) -> Self::Sixteen {
        // SAFETY: the caller gives 16 numbers.
        unsafe {
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
        }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sixteen, x: *const f32, weights: Self::Sixteen) -> Self::Sixteen {
        // SAFETY: the caller gives a number and a CPU with the instructions.
        unsafe { _mm512_fmadd_ps(_mm512_set1_ps(*x), weights, sums) }
    }

    #[inline(always)]
    unsafe fn store(sums: Self::Sixteen, to: *mut f32) {
        // SAFETY: the caller gives room for 16 numbers.
        unsafe { _mm512_storeu_ps(to, sums) }
    }
}
