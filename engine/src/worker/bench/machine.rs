//! Describes the machine that results were measured on: processor, its features, threads, and peak memory.

use serde::Serialize;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The machine that results were measured on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Architecture: `x86_64`, `aarch64`.
    pub arch: String,
    /// Operating system.
    pub os: String,
    /// Name of the processor, if the system provides it.
    pub cpu: Option<String>,
    /// Processors available to this process.
    pub cpus: usize,
    /// Compute threads.
    pub threads: usize,
    /// Relevant processor features beyond the architecture's baseline.
    pub features: Vec<String>,
    /// Value of `RECTO_CPU`, which restricts the matrix products to an instruction set; `None` if not set.
    pub held_to: Option<String>,
}

impl Machine {
    /// This machine, as this process sees it.
    pub fn here() -> Self {
        Self {
            arch: std::env::consts::ARCH.into(),
            os: std::env::consts::OS.into(),
            cpu: cpu_name(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            threads: rayon::current_num_threads(),
            features: features(),
            held_to: std::env::var("RECTO_CPU").ok().filter(|value| !value.is_empty()),
        }
    }
}

fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<String> {
    use std::arch::is_x86_feature_detected as has;
    [
        ("avx2", has!("avx2")),
        ("fma", has!("fma")),
        ("avxvnni", has!("avxvnni")),
        ("avx512f", has!("avx512f")),
        ("avx512bw", has!("avx512bw")),
        ("avx512vnni", has!("avx512vnni")),
        ("avx512bf16", has!("avx512bf16")),
        ("avx512fp16", has!("avx512fp16")),
        ("amx_tile", is_listed_by_system("amx_tile")),
        ("amx_int8", is_listed_by_system("amx_int8")),
        ("amx_bf16", is_listed_by_system("amx_bf16")),
    ]
    .into_iter()
    .filter(|(_, is_present)| *is_present)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// Whether the system lists a feature that Rust cannot detect in stable code.
#[cfg(target_arch = "x86_64")]
fn is_listed_by_system(feature: &str) -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| {
        text.lines()
            .find(|line| line.starts_with("flags"))
            .is_some_and(|line| line.split_whitespace().any(|flag| flag == feature))
    })
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<String> {
    use std::arch::is_aarch64_feature_detected as has;
    [("neon", has!("neon")), ("dotprod", has!("dotprod")), ("i8mm", has!("i8mm")), ("bf16", has!("bf16"))]
        .into_iter()
        .filter(|(_, is_present)| *is_present)
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<String> {
    Vec::new()
}

/// Memory of this machine, in bytes; `None` if the system does not provide it.
pub fn memory_bytes() -> Option<u64> {
    let only_memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(only_memory).ok().map(|system| system.total_memory()).filter(|bytes| *bytes > 0)
}

/// Peak resident memory of this process, in bytes; `None` if the system does not provide it (Linux does).
pub fn peak_resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_more_memory_than_this_process() {
        let most = peak_resident_bytes().unwrap_or(1 << 20);
        assert!(memory_bytes().unwrap() > most);
    }
}
