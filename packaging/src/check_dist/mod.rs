//! `cargo xtask check-dist`: builds packages twice, compares them, installs them in clean roots, and uses, upgrades and
//! removes them.
//!
//! Linux packages need root, for clean roots in `target/roots`; only tools are installed on this machine itself.

mod baseline;
mod deb;
mod folder;
mod root;
mod rpm;
mod used;
mod windows;
mod wine;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::dist;
use crate::dist::target::{System, Target};
use crate::pdfium::hex_sha256;
use crate::window::display::{Display, Scratch};
use crate::{machine, program, say};

/// Machine-specific paths that a program must not contain; split, because this file must not contain them either.
const PLACES: &[(&str, &str)] = &[("/ro", "ot/"), ("/ho", "me/"), ("/tm", "p/"), ("/.ca", "rgo/")];

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct CheckDistArgs {
    /// Check the Windows packages that `dist` made for this platform, under wine
    #[arg(long, value_name = "TRIPLE", conflicts_with_all = ["program", "previous", "only"])]
    target: Option<String>,
    /// Package and check this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Earlier .deb to upgrade from [default: the current program under an earlier version]
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Only these checks, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "CHECK", default_value = "baseline,rpm,tar,deb")]
    only: Vec<String>,
}

/// Runs the checks.
///
/// # Errors
/// When any package does not behave as a user would expect.
pub(crate) fn run(arguments: &CheckDistArgs) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("packages for Linux are checked on Linux");
    }
    if let Some(triple) = &arguments.target {
        return check_windows(triple);
    }
    machine::need_test_packages()?;
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => dist::build_for_this_machine()?,
    };
    program::pull_starter(&program)?;
    knows_no_machine(&fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?)?;
    let scratch = Scratch::new(&program::target_folder()?, "check-dist")?;
    let version = env!("CARGO_PKG_VERSION");
    // Debian, Fedora and people all sort it after the release.
    let later = format!("{version}+next");
    let packed = pack(&program, version, &scratch.0.join("once"))?;
    let again = pack(&program, version, &scratch.0.join("again"))?;
    for (one, other) in packed.iter().zip(&again) {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        ensure!(read(one)? == read(other)?, "{} differs when it is built again", one.display());
        say::result(format_args!("{}: reproducible, {}", name_of(one), &hex_sha256(&read(one)?)[..12]));
    }
    let display = Display::start(1360, 860)?;
    for check in &arguments.only {
        say::line(format_args!("\n=== {check}"));
        match check.as_str() {
            "baseline" => baseline::check(&program, &scratch.0)?,
            "rpm" => rpm::check(&find(&packed, ".rpm")?, &display, &scratch.0)?,
            "tar" => folder::check(&find(&packed, ".tar.xz")?, &display, &scratch.0)?,
            "deb" => {
                let later = pack(&program, &later, &scratch.0.join("later"))?;
                let later = find(&later, ".deb")?;
                match &arguments.previous {
                    Some(previous) => deb::check(previous, &find(&packed, ".deb")?, &display, &scratch.0)?,
                    None => deb::check(&find(&packed, ".deb")?, &later, &display, &scratch.0)?,
                }
            }
            _ => bail!("unknown check `{check}`; known are baseline, rpm, tar and deb"),
        }
    }
    Ok(())
}

/// Checks the packages in `target/dist`.
fn check_windows(triple: &str) -> Result<()> {
    let target = Target::parse(triple)?;
    if target.system != System::Windows {
        bail!("for other platforms, only Windows packages can be checked");
    }
    let name = format!("recto-{}-{}", env!("CARGO_PKG_VERSION"), target.label());
    windows::check(&dist::folder()?, &name, &program::target_folder()?.join("dist/check"))
}

fn find(packages: &[PathBuf], end: &str) -> Result<PathBuf> {
    let found = packages.iter().find(|path| name_of(path).ends_with(end));
    found.cloned().with_context(|| format!("no {end} was made"))
}

fn pack(program: &Path, version: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let packages = ["deb", "rpm", "tar"].map(String::from).to_vec();
    dist::pack(program, &packages, version, folder)
}

/// The name of a file.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Fails if a program contains the path where it was built.
fn knows_no_machine(program: &[u8]) -> Result<()> {
    let own = [crate::process::repository(), program::target_folder()?].map(|path| path.display().to_string());
    let places = PLACES.iter().map(|(one, other)| format!("{one}{other}"));
    for place in places.chain(own) {
        if let Some(at) = program.windows(place.len()).position(|window| window == place.as_bytes()) {
            let around = program.get(at.saturating_sub(20)..(at + 60).min(program.len())).unwrap_or_default();
            let around = around.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { ' ' });
            bail!("the program contains a path of this machine: {}", around.collect::<String>());
        }
    }
    say::result(format_args!("the program contains no path of this machine"));
    Ok(())
}
