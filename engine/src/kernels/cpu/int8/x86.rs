//! Int8 steps in x86 instructions.

#![expect(
    unsafe_code,
    clippy::inline_always,
    reason = "steps of innermost loops, on pointers, melted into a function that names the CPU's instructions"
)]

#[allow(clippy::wildcard_imports, reason = "instructions have telling names, and there are dozens of them")]
use std::arch::x86_64::*;

use super::lanes::Lanes;

/// 256-bit registers without a product of bytes that keeps all bits: weights are widened to 16 bits on the way, and
/// activations are 16 bits wide, which costs nothing more and loses next to nothing.
pub(super) struct Avx2;

/// 256-bit registers with the four-byte product.
pub(super) struct AvxVnni;

#[inline(always)]
unsafe fn put_scaled_256(sums: [__m256i; 2], row_scale: f32, column_scales: *const f32, into: *mut f32, add: bool) {
    // SAFETY: the caller gives 16 numbers behind each pointer, and the CPU has AVX2 and FMA.
    unsafe {
        let row_scale = _mm256_set1_ps(row_scale);
        for (half, sums) in sums.into_iter().enumerate() {
            let scales = _mm256_mul_ps(row_scale, _mm256_loadu_ps(column_scales.add(8 * half)));
            let into = into.add(8 * half);
            let sums = _mm256_cvtepi32_ps(sums);
            let product =
                if add { _mm256_fmadd_ps(sums, scales, _mm256_loadu_ps(into)) } else { _mm256_mul_ps(sums, scales) };
            _mm256_storeu_ps(into, product);
        }
    }
}

macro_rules! sums_of_256_bits {
    () => {
        type Sums = [__m256i; 2];
        type Weights = [__m256i; 2];

        #[inline(always)]
        unsafe fn load_sums(from: *const i32) -> Self::Sums {
            // SAFETY: the caller gives 16 numbers.
            unsafe { [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(8).cast())] }
        }

        #[inline(always)]
        unsafe fn put_scaled(sums: Self::Sums, row_scale: f32, column_scales: *const f32, into: *mut f32, add: bool) {
            // SAFETY: the caller's promise is the same.
            unsafe { put_scaled_256(sums, row_scale, column_scales, into, add) }
        }
    };
}

impl Lanes for Avx2 {
    const GROUP: usize = 2;
    const BLOCK: usize = 64;

    sums_of_256_bits!();

    #[inline(always)]
    unsafe fn load_weights(from: *const i8) -> Self::Weights {
        // SAFETY: the caller gives 32 bytes.
        unsafe {
            let half = |at: usize| _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(at).cast()));
            [half(0), half(16)]
        }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sums, activations: *const u8, weights: Self::Weights) -> Self::Sums {
        // SAFETY: the caller gives 4 bytes and a CPU with the instructions.
        unsafe {
            let activations = _mm256_set1_epi32(activations.cast::<i32>().read_unaligned());
            let step = |half: usize| _mm256_add_epi32(sums[half], _mm256_madd_epi16(activations, weights[half]));
            [step(0), step(1)]
        }
    }
}

impl Lanes for AvxVnni {
    const GROUP: usize = 4;
    const BLOCK: usize = 32;

    sums_of_256_bits!();

    #[inline(always)]
    unsafe fn load_weights(from: *const i8) -> Self::Weights {
        // SAFETY: the caller gives 64 bytes.
        unsafe { [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(32).cast())] }
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: Self::Sums, activations: *const u8, weights: Self::Weights) -> Self::Sums {
        // SAFETY: the caller gives 4 bytes and a CPU with the instructions.
        unsafe {
            let activations = _mm256_set1_epi32(activations.cast::<i32>().read_unaligned());
            let step = |half: usize| _mm256_dpbusd_avx_epi32(sums[half], activations, weights[half]);
            [step(0), step(1)]
        }
    }
}
