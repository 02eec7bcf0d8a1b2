//! One loop, compiled for each set of instructions: the only place that steps from a check of the CPU into code that
//! needs what was found.

use super::Isa;

/// A loop that the compiler turns into vector instructions. `run` must be `#[inline(always)]`, so that it melts into a
/// function that names the instructions.
pub trait Vectorised {
    /// What the loop gives.
    type Output;

    /// The loop.
    fn run(self) -> Self::Output;
}

impl Isa {
    /// Runs a loop compiled for this set of instructions.
    pub fn run<K: Vectorised>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Portable | Self::NeonDot => kernel.run(),
            // SAFETY: a value other than `Portable` only exists where `is_available` found these instructions.
            #[expect(unsafe_code, reason = "code compiled for a CPU feature may only run where it was found")]
            Self::Avx2 | Self::AvxVnni => unsafe { with_avx2(kernel) },
            // SAFETY: as above.
            #[expect(unsafe_code, reason = "code compiled for a CPU feature may only run where it was found")]
            Self::Avx512Vnni => unsafe { with_avx512(kernel) },
        }
        #[cfg(not(target_arch = "x86_64"))]
        kernel.run()
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Vectorised>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl")]
fn with_avx512<K: Vectorised>(kernel: K) -> K::Output {
    kernel.run()
}
