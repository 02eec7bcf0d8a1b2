//! Builds the program for packages: with the profile `dist`, and without paths of this machine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::release::Release;
use super::target::Target;
use crate::debian_rust;
use crate::process::{cargo, repository, run};
use crate::program::target_folder;

/// Separates flags in the variable that allows spaces inside them.
const BETWEEN_FLAGS: &str = "\u{1f}";

/// Builds the program and returns its path.
///
/// # Errors
/// When there is no standard library for the platform, or the build fails.
pub(crate) fn build(target: &Target, release: &Release) -> Result<PathBuf> {
    if debian_rust::is_needed_for(&target.triple)? {
        bail!("there is no standard library for {0}; get it with `rustup target add {0}`", target.triple);
    }
    let mut command = cargo();
    build_with(&mut command, target, release)
}

/// Builds the program with this `cargo`, which may have its own flags already.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_with(command: &mut Command, target: &Target, release: &Release) -> Result<PathBuf> {
    command.args(["build", "--profile", "dist", "--locked", "--package", "app", "--bin", "recto"]);
    command.args(["--target", &target.triple]);
    command.args(["--features", &release.features(target).join(",")]);
    forget_this_machine(command, target)?;
    run(command)?;
    let folder = target_folder()?.join(&target.triple).join("dist");
    Ok(folder.join(target.program_name()))
}

/// Makes compilers record paths relative to the repository and the registry's cache, wherever the build runs.
fn forget_this_machine(command: &mut Command, target: &Target) -> Result<()> {
    // If several match, the last one wins.
    let renamed = [(cargo_home()?, "cargo"), (repository(), "recto"), (target_folder()?, "recto/target")];
    let mut flags: Vec<String> = std::env::var("CARGO_ENCODED_RUSTFLAGS")
        .map(|flags| flags.split(BETWEEN_FLAGS).map(String::from).collect())
        .or_else(|_| std::env::var("RUSTFLAGS").map(|flags| flags.split_whitespace().map(String::from).collect()))
        .unwrap_or_default();
    // Link Microsoft's C library statically: not every Windows has it.
    if target.triple.ends_with("-msvc") {
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    }
    flags.extend(renamed.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())));
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join(BETWEEN_FLAGS));
    if !target.triple.ends_with("-msvc") {
        let variable = format!("CFLAGS_{}", target.triple.replace('-', "_"));
        let given = std::env::var(&variable).or_else(|_| std::env::var("CFLAGS")).unwrap_or_default();
        let flags = renamed.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
        let flags: Vec<String> = std::iter::once(given).chain(flags).collect();
        command.env(variable, flags.join(" "));
    }
    Ok(())
}

fn cargo_home() -> Result<PathBuf> {
    let default = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(default).context("this user has no home folder folder")
}
