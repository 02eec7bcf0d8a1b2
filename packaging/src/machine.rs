//! Required packages and programs: installed with apt where permitted, otherwise named.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{is_in_path, run, succeeds};
use crate::say;

/// The user's own Python, which downloads packages.
pub(crate) const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Run-time libraries besides the C library. The program opens them by name, so the linker does not know them.
pub(crate) const WINDOW_PACKAGES: &[&str] = &[
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libgl1",
    "libegl1",
    "libgl1-mesa-dri",
    "fonts-dejavu-core",
];

/// Packages for testing the window and the GPU kernels.
const TEST_PACKAGES: &[&str] = &["xvfb", "xdotool", "imagemagick", "x11-utils", "xclip", "g++", "strace"];

/// Ensures that the packages for the tests are installed.
///
/// # Errors
/// Names missing packages that we may not install.
pub(crate) fn need_test_packages() -> Result<()> {
    need_pip()?;
    if !cfg!(target_os = "linux") {
        say::line(format_args!("the window is checked under Xvfb, on Linux only"));
        return Ok(());
    }
    if is_in_path("dpkg-query") {
        return need_packages(&[WINDOW_PACKAGES, TEST_PACKAGES].concat());
    }
    let missing: Vec<_> =
        ["Xvfb", "xdotool", "import", "xwininfo", "xclip", "c++"].into_iter().filter(|p| !is_in_path(p)).collect();
    if !missing.is_empty() {
        bail!("the tests need {}; install them with your system's package manager", missing.join(", "));
    }
    Ok(())
}

/// Ensures that aarch64 programs can be linked and run.
///
/// # Errors
/// Names missing packages that we may not install, or that this system lacks.
pub(crate) fn need_aarch64_emulator() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the emulator qemu-aarch64 runs only on Linux");
    }
    if is_in_path("dpkg-query") {
        return need_packages(&["qemu-user", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"]);
    }
    let programs = ["qemu-aarch64", "aarch64-linux-gnu-gcc"];
    let missing: Vec<_> = programs.into_iter().filter(|program| !is_in_path(program)).collect();
    if !missing.is_empty() {
        bail!("the emulated tests need {}; install them with your system's package manager", missing.join(" and "));
    }
    Ok(())
}

/// Ensures that programs are installed, each given with its Debian package.
///
/// # Errors
/// Names missing packages that we may not install.
pub(crate) fn need_tools(tools: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> = tools.iter().filter(|(program, _)| !is_in_path(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if is_in_path("dpkg-query") {
        return need_packages(&missing.iter().map(|(_, package)| *package).collect::<Vec<_>>());
    }
    let names: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    bail!("missing programs: {}; install them with your system's package manager", names.join(", "))
}

/// Ensures that `python3 -m pip` runs.
///
/// # Errors
/// Names the missing packages if we may not install them.
pub(crate) fn need_pip() -> Result<()> {
    if has_pip() {
        return Ok(());
    }
    if !is_in_path("dpkg-query") {
        bail!("`{PYTHON} -m pip` does not run; install Python 3 with pip");
    }
    need_packages(&["python3", "python3-pip"])?;
    if !has_pip() {
        bail!("`{PYTHON} -m pip` does not run although python3-pip is installed; is another {PYTHON} first in PATH?");
    }
    Ok(())
}

/// Ensures that `python3 -m venv` creates environments with pip.
///
/// # Errors
/// Names the missing packages if we may not install them.
pub(crate) fn need_venv() -> Result<()> {
    if succeeds(Command::new(PYTHON).args(["-c", "import ensurepip, venv"])) {
        return Ok(());
    }
    if !is_in_path("dpkg-query") {
        bail!("`{PYTHON} -m venv` does not run; install Python 3 with venv");
    }
    need_packages(&["python3", "python3-venv"])
}

fn has_pip() -> bool {
    succeeds(Command::new(PYTHON).args(["-m", "pip", "--version"]))
}

fn need_packages(wanted: &[&str]) -> Result<()> {
    let missing: Vec<_> = wanted.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !is_root() && !may_become_root() {
        bail!("missing packages; install them with `sudo apt-get install {names}` and try again");
    }
    say::line(format_args!("installing {names}"));
    run(apt_get().args(["update", "-qq"]))?;
    run(apt_get().args(["install", "-qq", "--yes", "--no-install-recommends"]).args(missing))
}

fn apt_get() -> Command {
    let mut command = if is_root() { Command::new("apt-get") } else { Command::new("sudo") };
    if !is_root() {
        command.args(["--non-interactive", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    query.output().is_ok_and(|output| output.stdout == b"installed")
}

/// Whether this is a CI machine.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Whether this is a CI machine where sudo works; elsewhere, becoming root is up to the user.
fn may_become_root() -> bool {
    is_ci() && succeeds(Command::new("sudo").args(["--non-interactive", "true"]))
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
