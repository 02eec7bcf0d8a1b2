//! `cargo xtask check-gpu`: checks the GPU code as far as possible without a card.
//!
//! Compiles the CUDA kernels for three generations of cards, and checks the program with the feature `cuda`, and with
//! `metal` for Apple's processors. This needs NVIDIA's compiler, which pip provides, and a standard library for Apple.
//! The first run takes most of an hour, so continuous integration skips it. Nothing is executed; `cargo test --test
//! gpu` tests what the kernels compute.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::check_macos::{self, Processor};
use crate::process::{cargo, repository, run};
use crate::{machine, say};

/// NVIDIA's compiler as Python packages. CUDA 13.0, because every CUDA 13 driver accepts its output and cudarc supports
/// it.
const TOOLKIT: &[&str] = &[
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-cccl==13.0.85",
];

/// Turing, without bf16 tensor cores; Ampere, the first with them; Hopper.
const ARCHITECTURES: &[&str] = &["sm_75", "sm_80", "sm_90"];

/// The compute capability for the feature `cuda`: its PTX runs on all later cards.
const COMPUTE_CAPABILITY: &str = "80";

const KERNELS: &str = "engine/src/kernels/cuda/attention.cu";

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct CheckGpuArgs {
    /// Parts to check [default: all]
    #[arg(value_enum)]
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The CUDA kernels, compiled for several cards
    Kernels,
    /// The program with the feature `cuda`
    Cuda,
    /// The program with the feature `metal`, for Apple's processors
    Metal,
}

/// Runs the chosen checks.
///
/// # Errors
/// Names what does not compile, or which tool is missing.
pub(crate) fn run_checks(arguments: &CheckGpuArgs) -> Result<()> {
    let wants = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    let folder = repository().join("target/gpu-check");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if wants(Part::Kernels) || wants(Part::Cuda) {
        let toolkit = toolkit(&folder)?;
        if wants(Part::Kernels) {
            compile_kernels(&toolkit, &folder)?;
        }
        if wants(Part::Cuda) {
            check_with_cuda(&toolkit, &folder)?;
        }
    }
    if wants(Part::Metal) {
        check_macos::check(Processor::Arm64)?;
    }
    say::line(format_args!("checked; nothing was run on a card"));
    Ok(())
}

/// The toolkit's root: `CUDA_HOME` if set, otherwise from Python packages.
fn toolkit(folder: &Path) -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CUDA_HOME").map(PathBuf::from) {
        if home.join("bin/nvcc").is_file() {
            return Ok(home);
        }
        bail!("CUDA_HOME is {}, which has no bin/nvcc; correct or unset it", home.display());
    }
    let packages = folder.join("toolkit");
    let root = packages.join("nvidia/cu13");
    if root.join("bin/nvcc").is_file() {
        return Ok(root);
    }
    machine::need_pip()?;
    say::line(format_args!("fetching NVIDIA's compiler into {}", packages.display()));
    let mut pip = Command::new(machine::PYTHON);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]);
    run(pip.arg(&packages).args(TOOLKIT))
        .context("pip could not download NVIDIA's compiler; is there a network connection?")?;
    if !root.join("bin/nvcc").is_file() {
        bail!("the packages contain no nvidia/cu13/bin/nvcc; have they changed?");
    }
    Ok(root)
}

/// Compiles the kernels and reports the registers they use. Spilled registers are an error.
fn compile_kernels(toolkit: &Path, folder: &Path) -> Result<()> {
    let nvcc = || {
        let mut command = Command::new(toolkit.join("bin/nvcc"));
        command.current_dir(repository()).args(["-std=c++17", "-O3", KERNELS, "-o"]);
        command
    };
    for architecture in ARCHITECTURES {
        let mut command = nvcc();
        command.arg(folder.join(format!("attention-{architecture}.cubin")));
        command.args(["-cubin", "-Xptxas", "-v", &format!("-arch={architecture}")]);
        let result = command.output().context("cannot start nvcc")?;
        let told = String::from_utf8_lossy(&result.stderr);
        if !result.status.success() {
            bail!("{KERNELS} cannot be compiled for {architecture}:\n{told}");
        }
        let kernels = usage(&told);
        if kernels.is_empty() {
            bail!("{KERNELS} contains no kernels for {architecture}");
        }
        for Usage { name, registers, spilled_bytes } in kernels {
            say::result(format_args!("{architecture} {name}: {registers} registers"));
            if spilled_bytes > 0 {
                bail!("{name} spills {spilled_bytes} bytes on {architecture}; give its tiles fewer rows or keys");
            }
        }
    }
    let ptx = folder.join("attention.ptx");
    run(nvcc().arg(&ptx).args(["-ptx", &format!("-arch=compute_{COMPUTE_CAPABILITY}")]))?;
    say::line(format_args!("compiled {KERNELS} for {} and to PTX", ARCHITECTURES.join(", ")));
    Ok(())
}

/// The resources a kernel uses on a multiprocessor.
#[derive(Debug, PartialEq, Eq)]
struct Usage {
    name: String,
    registers: u32,
    spilled_bytes: u32,
}

/// Parses the output of `ptxas -v`: one line each for a kernel's name, its spills and its registers.
fn usage(told: &str) -> Vec<Usage> {
    let mut kernels: Vec<Usage> = Vec::new();
    let number_before = |line: &str, word: &str| -> Option<u32> {
        line.split(word).next()?.split([' ', ',']).rfind(|part| !part.is_empty())?.parse().ok()
    };
    for line in told.lines() {
        if let Some(rest) = line.split("Compiling entry function '").nth(1) {
            let name = rest.split('\'').next().unwrap_or_default().to_owned();
            kernels.push(Usage { name, registers: 0, spilled_bytes: 0 });
        } else if let Some(kernel) = kernels.last_mut() {
            if line.contains("bytes spill stores") {
                kernel.spilled_bytes = number_before(line, " bytes spill stores").unwrap_or_default();
            }
            if line.contains(" registers") {
                kernel.registers = number_before(line, " registers").unwrap_or_default();
            }
        }
    }
    kernels
}

fn check_with_cuda(toolkit: &Path, folder: &Path) -> Result<()> {
    say::line(format_args!("checking the program with the feature cuda; candle's kernels take long the first time"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(toolkit.join("bin")).chain(std::env::split_paths(&path)))
        .context("PATH cannot be extended")?;
    let mut command = cargo();
    command.env("PATH", path).env("CUDA_HOME", toolkit).env("CUDA_COMPUTE_CAP", COMPUTE_CAPABILITY);
    command.args([
        "clippy",
        "--locked",
        "--package",
        "engine",
        "--package",
        "app",
        "--features",
        "engine/cuda,app/cuda",
    ]);
    run(command.arg("--target-dir").arg(folder.join("cuda")).args(["--", "-D", "warnings"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_from_what_the_assembler_tells() {
        let told = "ptxas info    : 0 bytes gmem\n\
            ptxas info    : Compiling entry function 'attention_tensor_256' for 'sm_80'\n\
            ptxas info    : Function properties for attention_tensor_256\n    \
            0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n\
            ptxas info    : Used 238 registers, used 1 barriers, 488 bytes cmem[0]\n\
            ptxas info    : Compiling entry function 'b' for 'sm_80'\n    \
            8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads\n\
            ptxas info    : Used 255 registers\n";
        let kernel = |name: &str, registers, spilled_bytes| Usage { name: name.into(), registers, spilled_bytes };
        assert_eq!(usage(told), [kernel("attention_tensor_256", 238, 0), kernel("b", 255, 12)]);
    }
}
