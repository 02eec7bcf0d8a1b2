//! The Windows program, built on Linux: by the compiler's own library where it has one for Windows, else by Debian's, whose
//! source is compiled along. What is released is built on Windows; this shows that it can be, and serves the checks.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::debian_rust::{self, DebianRust};
use crate::dist::build::build_with;
use crate::dist::release::Release;
use crate::dist::target::Target;
use crate::process::cargo;
use crate::{machine, say};

/// The linker, by its Debian package, and the compiler of resources that comes with it.
const LINKER: &str = "x86_64-w64-mingw32-gcc";

/// Builds the program and returns where it lies.
///
/// # Errors
/// When a tool is missing, or the build fails.
pub(crate) fn build(target: &Target, release: &Release) -> Result<PathBuf> {
    if cfg!(windows) {
        return build_with(&mut cargo(), target, release);
    }
    if target.triple != "x86_64-pc-windows-gnu" {
        bail!("{} is built on Windows; here x86_64-pc-windows-gnu can be", target.triple);
    }
    machine::need_tools(&[
        (LINKER, "gcc-mingw-w64-x86-64-win32"),
        ("x86_64-w64-mingw32-windres", "binutils-mingw-w64-x86-64"),
    ])?;
    let mut command = if debian_rust::is_needed_for(&target.triple)? {
        say::line(format_args!("this compiler has no library for {}; Debian's is compiled along", target.triple));
        let mut command = DebianRust::unpack(&target.triple)?.cargo();
        // The library's source is used by a stable compiler for this alone.
        command.env("RUSTC_BOOTSTRAP", "1").args(["-Zbuild-std=std,panic_unwind"]);
        command
    } else {
        cargo()
    };
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    build_with(&mut command, target, release)
}
