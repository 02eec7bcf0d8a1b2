//! `cargo xtask check-neon`: runs the CPU kernel tests on emulated aarch64 CPUs.
//!
//! Kernels and their tests need no other part of the program, so a small crate is generated from the same files. Only
//! results are checked; an emulator says nothing about speed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::debian_rust::{self, DebianRust};
use crate::process::{cargo, repository, run};
use crate::{machine, say};

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// CPUs by the emulator's names, with the instruction set the kernels should detect.
const CPUS: &[(&str, &str)] = &[("cortex-a53", "portable"), ("cortex-a76", "neon"), ("max", "neon")];

/// Dependencies of kernels and tests.
const DEPENDENCIES: &[&str] = &["half", "libm", "proptest", "rayon", "tracing"];

const KERNELS: &str = "engine/src/kernels/cpu/mod.rs";
const TESTS: &str = "tests/engine/kernels/mod.rs";

/// Builds the tests and runs them on each CPU.
///
/// # Errors
/// Names what is missing, or the CPU on which a test fails.
pub(crate) fn run_tests() -> Result<()> {
    if cfg!(target_arch = "aarch64") {
        bail!("this CPU needs no emulation; run `cargo test --test engine kernels`");
    }
    machine::need_aarch64_emulator()?;
    let folder = repository().join("target/neon-check");
    write_crate(&folder)?;
    let debian = if debian_rust::is_needed_for(TARGET)? { Some(DebianRust::unpack(TARGET)?) } else { None };
    if let Some(debian) = &debian {
        debian.add_library("arm64", TARGET)?;
    }
    for (cpu, isa) in CPUS {
        say::line(format_args!("testing the kernels on the emulated CPU {cpu}"));
        let mut command = debian.as_ref().map_or_else(cargo, DebianRust::cargo);
        command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
        let emulator = format!("qemu-aarch64 -cpu {cpu} -L /usr/aarch64-linux-gnu");
        command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", emulator);
        command.env_remove("RECTO_CPU").env("EXPECTED_ISA", isa);
        command.args(["test", "--lib", "--target", TARGET, "--manifest-path"]).arg(folder.join("Cargo.toml"));
        run(command.arg("--target-dir").arg(folder.join("target"))).with_context(|| format!("on the CPU {cpu}"))?;
        say::result(format_args!("{cpu} ({isa}): passed"));
    }
    Ok(())
}

/// Writes the crate, with the workspace's versions of its dependencies.
fn write_crate(folder: &Path) -> Result<()> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    let read = |name: &str| {
        let path = repository().join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    fs::create_dir_all(folder.join("src")).with_context(|| format!("cannot make {}", folder.display()))?;
    write("Cargo.toml", &manifest(&read("Cargo.toml")?)?)?;
    write("Cargo.lock", &read("Cargo.lock")?)?;
    write("src/lib.rs", &library(&repository()))
}

/// The crate's manifest, from the workspace's.
fn manifest(workspace: &str) -> Result<String> {
    let workspace: toml::Table = workspace.parse().context("Cargo.toml cannot be read")?;
    let known = |table: &str| workspace.get("workspace").and_then(|workspace| workspace.get(table));
    let edition = known("package").and_then(|package| package.get("edition")).context("Cargo.toml has no edition")?;
    let mut text = format!("[package]\nname = \"kernels\"\nedition = {edition}\n\n[workspace]\n\n[dependencies]\n");
    for name in DEPENDENCIES {
        let dependency = known("dependencies").and_then(|dependencies| dependencies.get(name));
        let dependency = dependency.with_context(|| format!("Cargo.toml does not name {name}"))?;
        writeln!(text, "{name} = {dependency}")?;
    }
    text.push_str("\n[profile.test]\nopt-level = 1\ndebug = false\n");
    Ok(text)
}

/// The crate's source: kernels and tests unchanged, and a test that the expected instruction set is detected.
fn library(repository: &Path) -> String {
    let (kernels, tests) = (repository.join(KERNELS), repository.join(TESTS));
    format!(
        "extern crate self as engine;\n\
        pub mod kernels {{ #[path = \"{}\"] pub mod cpu; }}\n\
        #[cfg(test)] #[path = \"{}\"] mod tests;\n\
        #[test] fn the_cpu_is_the_one_meant() {{\n    \
        assert_eq!(kernels::cpu::Isa::current().name(), std::env::var(\"EXPECTED_ISA\").unwrap());\n}}\n",
        kernels.display(),
        tests.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_takes_its_dependencies_from_the_workspace() {
        let workspace = "[workspace.package]\nedition = \"2024\"\n[workspace.dependencies]\nhalf = { version = \"2\" }\n\
            libm = \"0.2\"\nproptest = \"1\"\nrayon = \"1\"\ntracing = \"0.1\"\nzip = \"2\"\n";
        let made: toml::Table = manifest(workspace).unwrap().parse().unwrap();
        assert_eq!(made["dependencies"]["half"]["version"].as_str(), Some("2"));
        assert_eq!(made["dependencies"].as_table().unwrap().len(), DEPENDENCIES.len());
        assert!(manifest("[workspace.package]\nedition = \"2024\"\n").unwrap_err().to_string().contains("half"));
    }
}
