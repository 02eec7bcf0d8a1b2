//! `cargo xtask publish`: collects the packages of all machines in a draft release on GitHub.
//!
//! It is a draft because a person reviews it first, following `packaging/RELEASE.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::dist::{self, sums};
use crate::process::{repository, run};
use crate::program::target_folder;
use crate::say;

/// What a release must contain: endings of file names, and the number of files for each.
const EXPECTED: &[(&str, usize)] = &[
    // Linux: two processors, and one with CUDA.
    (".deb", 3),
    (".rpm", 3),
    (".tar.xz", 3),
    (".AppImage", 3),
    // Windows: two processors, and one with CUDA.
    (".exe", 3),
    (".msi", 3),
    // macOS: two processors.
    (".dmg", 2),
    ("-app.zip", 2),
    // A bill of materials for each of them.
    (".cdx.json", 8),
];

/// Which release.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The tag [default: the one that started the workflow on GitHub]
    #[arg(long)]
    tag: Option<String>,
    /// Check everything without creating a draft
    #[arg(long)]
    dry_run: bool,
}

/// Creates the draft.
///
/// # Errors
/// When the tag is not the program's version, the changelog has no section for it, a package is missing, or `gh` fails.
pub(crate) fn run_for(arguments: &PublishArgs) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let tag = arguments.tag.clone().or_else(|| std::env::var("GITHUB_REF_NAME").ok());
    let tag = tag.context("name the tag with --tag")?;
    if tag != format!("v{version}") {
        bail!("the tag {tag} does not match the program's version {version}");
    }
    let changelog = repository().join("CHANGELOG.md");
    let changelog = fs::read_to_string(&changelog).with_context(|| format!("cannot read {}", changelog.display()))?;
    let notes = section(&changelog, version)
        .with_context(|| format!("CHANGELOG.md has no section `## [{version}]`; see packaging/RELEASE.md"))?;
    let folder = dist::folder()?;
    let packages = packages_in(&folder)?;
    let names: Vec<_> = packages.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    let missing = missing(&names);
    if !missing.is_empty() {
        bail!("the release is incomplete: {}", missing.join(", "));
    }
    sums::write(&folder)?;
    for name in &names {
        say::result(format_args!("{name}"));
    }
    if arguments.dry_run {
        say::line(format_args!("{} files for {}; no draft was created", names.len(), tag));
        return Ok(());
    }
    let notes_file = target_folder()?.join("release-notes.md");
    fs::write(&notes_file, notes).with_context(|| format!("cannot write {}", notes_file.display()))?;
    let mut gh = Command::new("gh");
    gh.current_dir(repository()).args(["release", "create", &tag, "--draft", "--verify-tag"]);
    gh.args(["--title", &format!("Recto {version}"), "--notes-file"]).arg(notes_file);
    run(gh.args(packages).arg(folder.join(sums::NAME)))
}

/// All files in the folder, sorted, except hidden ones and the checksums.
fn packages_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let is_package = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.is_file() && name != sums::NAME && !name.starts_with('.')
    };
    let mut packages: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_package).collect();
    packages.sort();
    Ok(packages)
}

/// Describes the packages that are missing.
fn missing(names: &[&str]) -> Vec<String> {
    let found = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).count();
    let short = EXPECTED.iter().filter(|(ending, count)| found(ending) < *count);
    short.map(|(ending, count)| format!("{} of {count} `*{ending}`", found(ending))).collect()
}

/// The changelog's section for a version, without its heading.
fn section<'a>(changelog: &'a str, version: &str) -> Option<&'a str> {
    let heading = format!("\n## [{version}]");
    let after = &changelog[changelog.find(&heading)? + heading.len()..];
    let body = &after[after.find('\n')?..];
    let end = body.find("\n## [").unwrap_or(body.len());
    Some(body[..end].trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_what_the_changelog_says_of_the_version() {
        let changelog = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [0.2.0] - 2027-01-02\n\n- second\n- third\n\n\
            ## [0.1.0] - 2026-12-01\n\n- first\n";
        assert_eq!(section(changelog, "0.2.0"), Some("- second\n- third"));
        assert_eq!(section(changelog, "0.1.0"), Some("- first"));
        assert_eq!(section(changelog, "0.3.0"), None);
        assert_eq!(section("\n## [0.4.0]\n\n## [0.3.0]\n- old\n", "0.4.0"), None, "nothing is said of it");
    }

    #[test]
    fn a_release_that_lacks_a_package_is_not_whole() {
        let whole: Vec<String> = EXPECTED
            .iter()
            .flat_map(|(ending, count)| (0..*count).map(move |number| format!("recto-{number}{ending}")))
            .collect();
        let names: Vec<&str> = whole.iter().map(String::as_str).collect();
        assert_eq!(missing(&names), Vec::<String>::new());
        let without: Vec<&str> = names.iter().copied().filter(|name| *name != "recto-1.dmg").collect();
        assert_eq!(missing(&without), ["1 of 2 `*.dmg`"]);
    }
}
