//! Builds the Windows program on Linux, with the compiler's library for Windows if it has one, otherwise with Debian's,
//! built from source. Releases are built on Windows; this build is for the checks.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::debian_rust::{self, DebianRust};
use crate::dist::build::build_with;
use crate::dist::release::Release;
use crate::dist::target::Target;
use crate::process::cargo;
use crate::{machine, say};

/// The linker with its Debian package, and the resource compiler that comes with it.
const LINKER: &str = "x86_64-w64-mingw32-gcc";

/// Builds the program and returns its path.
///
/// # Errors
/// When a tool is missing, or the build fails.
pub(crate) fn build(target: &Target, release: &Release) -> Result<PathBuf> {
    if cfg!(windows) {
        return build_with(&mut cargo(), target, release);
    }
    if target.triple != "x86_64-pc-windows-gnu" {
        bail!("{} can be built only on Windows; x86_64-pc-windows-gnu can be built here", target.triple);
    }
    machine::need_tools(&[
        (LINKER, "gcc-mingw-w64-x86-64-win32"),
        ("x86_64-w64-mingw32-windres", "binutils-mingw-w64-x86-64"),
    ])?;
    let mut command = if debian_rust::is_needed_for(&target.triple)? {
        say::line(format_args!("this compiler has no library for {}; building Debian's from source", target.triple));
        let mut command = DebianRust::unpack(&target.triple)?.cargo();
        // Lets a stable compiler build the standard library.
        command.env("RUSTC_BOOTSTRAP", "1").args(["-Zbuild-std=std,panic_unwind"]);
        command
    } else {
        cargo()
    };
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    build_with(&mut command, target, release)
}
