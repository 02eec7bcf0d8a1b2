//! `cargo xtask dist`: builds the packages of a platform from one staged folder, in `target/dist`.
//!
//! `docs/installers.md` describes what is in them and how they are checked.

mod build;
mod crates;
mod format;
mod licences;
mod linux;
pub(crate) mod macos;
pub(crate) mod release;
mod sbom;
mod stage;
pub(crate) mod sums;
pub(crate) mod target;
pub(crate) mod windows;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::format::Format;
use self::release::Release;
use self::stage::Staged;
pub(crate) use self::stage::files_below;
use self::target::{System, Target};
use crate::{program, say};

/// Arguments of `cargo xtask dist`.
#[derive(Debug, Args)]
pub(crate) struct DistArgs {
    /// Target triple [default: this machine's]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Kinds of packages, separated by commas [default: all that this machine can build]
    #[arg(long = "package", value_name = "KIND", value_delimiter = ',')]
    packages: Vec<String>,
    /// Package this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Only build the program, into target/dist/program, for packaging on another machine
    #[arg(long, conflicts_with_all = ["program", "packages"])]
    only_program: bool,
    /// Build the separate packages for NVIDIA cards
    #[arg(long)]
    cuda: bool,
    /// Version of the packages, for testing upgrades [default: the program's]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

/// Makes the packages.
///
/// # Errors
/// When the program does not build, a package fails, or a tool for a requested package is missing.
pub(crate) fn run(arguments: &DistArgs) -> Result<()> {
    let target = arguments.target.as_deref().map_or_else(Target::host, Target::parse)?;
    let release = Release::of_this_tree(arguments.version.as_deref(), arguments.cuda)?;
    let formats = Format::chosen(target.system, &arguments.packages)?;
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None if target.system == System::Windows => windows::build(&target, &release)?,
        None => build::build(&target, &release)?,
    };
    if arguments.only_program {
        let place = folder()?.join("program").join(target.program_name());
        stage::copy(&program, &place)?;
        say::result(format_args!("{}", place.display()));
        return Ok(());
    }
    let (folder, is_asked_for) = (folder()?, !arguments.packages.is_empty());
    let staged = Staged::make(&program, target, release)?;
    let (_, left_out) = make_all(&staged, &formats, is_asked_for, &folder)?;
    let bill = format!("{}-{}-{}.cdx.json", staged.release.name(), staged.release.version, staged.target.label());
    stage::copy(&staged.folder.join("licences/sbom.cdx.json"), &folder.join(bill))?;
    sums::write(&folder)?;
    for line in left_out {
        say::line(format_args!("{line}"));
    }
    Ok(())
}

/// Packages a program for this machine, in these kinds and this version, into a folder. Returns the files.
///
/// # Errors
/// When a package cannot be built.
pub(crate) fn pack(program: &Path, kinds: &[String], version: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let target = Target::host()?;
    let formats = Format::chosen(target.system, kinds)?;
    let staged = Staged::make(program, target, Release::of_this_tree(Some(version), false)?)?;
    Ok(make_all(&staged, &formats, true, folder)?.0)
}

/// Builds the program for this machine's packages.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_for_this_machine() -> Result<PathBuf> {
    build::build(&Target::host()?, &Release::of_this_tree(None, false)?)
}

/// Builds packages. Returns the files, and a line for each kind whose tool is missing, which is an error for requested
/// kinds.
fn make_all(
    staged: &Staged,
    formats: &[&Format],
    is_asked_for: bool,
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<String>)> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    for format in formats {
        if let Some(missing) = format.missing_tools() {
            if is_asked_for {
                bail!("no package `{}`: {missing}", format.name);
            }
            left_out.push(format!("no package `{}` was built: {missing}", format.name));
            continue;
        }
        let made = (format.make)(staged, folder).with_context(|| format!("while building `{}`", format.name))?;
        let bytes = fs::metadata(&made).with_context(|| format!("{} was not created", made.display()))?.len();
        say::result(format_args!("{} ({:.1} MB)", made.display(), bytes as f64 / 1e6));
        all.push(made);
    }
    Ok((all, left_out))
}

/// The folder for packages.
///
/// # Errors
/// When cargo's output folder is unknown.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(program::target_folder()?.join("dist"))
}
