//! Compiles the attention kernels for NVIDIA's cards to PTX, where the feature `cuda` asks for it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What kernels are compiled for where no card says: the first one with tensor cores that take bf16.
const DEFAULT_CAPABILITY: u32 = 80;

fn main() -> ExitCode {
    println!("cargo::rustc-check-cfg=cfg(tensor_cores)");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return ExitCode::SUCCESS;
    }
    for name in ["NVCC", "PATH", "CUDA_HOME", "CUDA_PATH", "CUDA_COMPUTE_CAP"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=src/kernels/cuda");
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<(), String> {
    let nvcc = find_nvcc().ok_or(
        "the feature `cuda` needs NVIDIA's compiler nvcc: put it into PATH, or set CUDA_HOME to the toolkit's folder",
    )?;
    let capability = capability();
    if capability >= 80 {
        println!("cargo::rustc-cfg=tensor_cores");
    }
    let folder = env::var_os("OUT_DIR").ok_or("cargo gave no OUT_DIR")?;
    let mut command = Command::new(&nvcc);
    command.args(["-ptx", "-std=c++17", "-O3", &format!("-arch=compute_{capability}"), "-o"]);
    command.arg(Path::new(&folder).join("attention.ptx")).arg("src/kernels/cuda/attention.cu");
    let output = command.output().map_err(|error| format!("cannot start {}: {error}", nvcc.display()))?;
    if output.status.success() {
        return Ok(());
    }
    // cargo takes one line an error.
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " / ");
    Err(format!("{} cannot compile attention.cu for compute capability {capability}: {said}", nvcc.display()))
}

/// The card's compute capability times ten, as candle's own kernels are built for: told by `CUDA_COMPUTE_CAP`, else by
/// the first card of this machine.
fn capability() -> u32 {
    let told = env::var("CUDA_COMPUTE_CAP").ok().or_else(|| {
        let mut query = Command::new("nvidia-smi");
        let output = query.args(["--query-gpu=compute_cap", "--format=csv,noheader"]).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    });
    told.and_then(|text| text.trim().replace('.', "").parse().ok()).unwrap_or(DEFAULT_CAPABILITY)
}

/// nvcc by its own variable, in the search path, in the toolkit's folder, or where Python's packages put it.
fn find_nvcc() -> Option<PathBuf> {
    let program = format!("nvcc{}", env::consts::EXE_SUFFIX);
    let mut places: Vec<PathBuf> = env::var_os("NVCC").map(PathBuf::from).into_iter().collect();
    let path = env::var_os("PATH").unwrap_or_default();
    places.extend(env::split_paths(&path).map(|folder| folder.join(&program)));
    let roots = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(env::var_os).map(PathBuf::from);
    let roots = roots.chain(["/usr/local/cuda".into()]).chain(python_packages());
    places.extend(roots.map(|root| root.join("bin").join(&program)));
    places.into_iter().find(|place| place.is_file())
}

/// Folders of the packages `nvidia-cuda-nvcc` of CUDA 13 and 12.
fn python_packages() -> Vec<PathBuf> {
    let script = "import sys; print('\\n'.join(p for p in sys.path if p))";
    let python = if cfg!(windows) { "python" } else { "python3" };
    let output = Command::new(python).args(["-c", script]).output().map(|output| output.stdout).unwrap_or_default();
    let folders = String::from_utf8_lossy(&output).lines().map(PathBuf::from).collect::<Vec<_>>();
    folders.iter().flat_map(|folder| ["cu13", "cuda_nvcc"].map(|name| folder.join("nvidia").join(name))).collect()
}
