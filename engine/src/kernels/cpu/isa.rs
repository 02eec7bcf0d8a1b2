//! Which instructions the kernels use: what the CPU has, or less where `RECTO_CPU` asks for it.

use std::sync::OnceLock;

/// Names a smaller set of instructions than the CPU has: for tests, and for measuring what another machine would do.
pub const VARIABLE: &str = "RECTO_CPU";

/// Sets of instructions that the kernels know, on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every machine of the architecture has.
    Portable,
    /// x86: 256-bit registers, fused multiply-add; bytes are multiplied in pairs that must not overflow 16 bits.
    Avx2,
    /// x86: the same registers, with an instruction that multiplies and adds four bytes.
    AvxVnni,
    /// x86: that instruction in 512-bit registers.
    Avx512Vnni,
    /// aarch64: 128-bit registers, with an instruction that multiplies and adds four bytes.
    NeonDot,
}

impl Isa {
    /// All of them, plainest first.
    pub const ALL: [Self; 5] = [Self::Portable, Self::Avx2, Self::AvxVnni, Self::Avx512Vnni, Self::NeonDot];

    /// The set in use: the best one that this machine has, or the one that [`VARIABLE`] names where the machine has it.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Isa> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let wanted = std::env::var(VARIABLE).ok();
            Self::chosen(wanted.as_deref())
        })
    }

    /// The best set of this machine that is no better than the one named.
    fn chosen(wanted: Option<&str>) -> Self {
        let best = Self::ALL.into_iter().rev().find(|isa| isa.is_available()).unwrap_or(Self::Portable);
        let Some(wanted) = wanted.filter(|name| !name.is_empty()) else { return best };
        match Self::ALL.into_iter().find(|isa| isa.name() == wanted) {
            Some(isa) if isa.is_available() => isa,
            Some(_) => {
                tracing::warn!(wanted, best = best.name(), "the CPU lacks the instructions that {VARIABLE} names");
                best
            }
            None => {
                tracing::warn!(wanted, best = best.name(), "{VARIABLE} names instructions that are not known");
                best
            }
        }
    }

    /// The name that [`VARIABLE`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "vnni",
            Self::Avx512Vnni => "avx512",
            Self::NeonDot => "neon",
        }
    }

    /// Whether this machine has it.
    #[cfg(target_arch = "x86_64")]
    pub fn is_available(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma");
        match self {
            Self::Portable => true,
            Self::Avx2 => avx2,
            Self::AvxVnni => avx2 && has!("avxvnni"),
            Self::Avx512Vnni => avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vnni"),
            Self::NeonDot => false,
        }
    }

    /// Whether this machine has it.
    #[cfg(target_arch = "aarch64")]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
            Self::Avx2 | Self::AvxVnni | Self::Avx512Vnni => false,
        }
    }

    /// Whether this machine has it.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub fn is_available(self) -> bool {
        self == Self::Portable
    }

    /// How activations are held for int8 products.
    pub fn activation_format(self) -> ActivationFormat {
        match self {
            Self::Avx2 => ActivationFormat::Words,
            Self::Portable | Self::AvxVnni | Self::Avx512Vnni => ActivationFormat::UnsignedBytes,
            Self::NeonDot => ActivationFormat::SignedBytes,
        }
    }
}

/// How activations are held for int8 products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationFormat {
    /// 16 bits: where bytes cannot be multiplied without overflow, wider activations cost nothing.
    Words,
    /// Bytes, 128 standing for 0: x86 multiplies unsigned by signed bytes.
    UnsignedBytes,
    /// Bytes.
    SignedBytes,
}

impl ActivationFormat {
    /// Activations that one instruction multiplies and adds up: they fill 32 bits.
    pub fn group(self) -> usize {
        match self {
            Self::Words => 2,
            Self::UnsignedBytes | Self::SignedBytes => 4,
        }
    }

    /// Numbers along the inner dimension that share a scale. Bytes need finer scales than words: on 2,700 tokens of
    /// report text the starter's most probable token stays the same for 97.6 % of positions with bytes and blocks of 32,
    /// for 96.7 % with blocks of 64, for 90.5 % with one scale a row; with words and blocks of 64 for 98.5 %.
    pub fn block(self) -> usize {
        match self {
            Self::Words => 64,
            Self::UnsignedBytes | Self::SignedBytes => 32,
        }
    }

    /// What stands for 0.
    pub fn zero(self) -> i32 {
        match self {
            Self::UnsignedBytes => 128,
            Self::Words | Self::SignedBytes => 0,
        }
    }

    /// Largest absolute value. Sums of a block of products with a byte stay below 2³¹ by far.
    pub fn largest(self) -> i32 {
        match self {
            Self::Words => i32::from(i16::MAX),
            Self::UnsignedBytes | Self::SignedBytes => i32::from(i8::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_available_and_no_better_than_asked() {
        for name in [None, Some(""), Some("portable"), Some("avx2"), Some("avx512"), Some("neon"), Some("abacus")] {
            assert!(Isa::chosen(name).is_available(), "{name:?}");
        }
        assert_eq!(Isa::chosen(Some("portable")), Isa::Portable);
        assert_eq!(Isa::chosen(Some("abacus")), Isa::chosen(None));
        for isa in Isa::ALL {
            assert_eq!(Isa::chosen(Some(isa.name())) == isa, isa.is_available(), "{isa:?}");
        }
    }
}
