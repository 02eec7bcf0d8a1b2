//! The .deb for Debian and its relatives, built by `dpkg-deb`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::tree::Tree;
use crate::dist::release::Release;
use crate::dist::stage::{Staged, copy, files_below, write};
use crate::machine::WINDOW_PACKAGES;
use crate::process::{output, repository, run};

/// The package's contact.
const MAINTAINER: &str = "The Recto contributors <contributors@recto.invalid>";

/// Recommended packages.
const RECOMMENDED: &str = "fonts-dejavu-core | fonts-noto-core, libdbus-1-3, libfontconfig1, libwayland-client0, \
    xdg-desktop-portal-gtk | xdg-desktop-portal-backend | zenity";

/// Suggested packages: pip downloads the starter model, fonts are for reports in other scripts.
const SUGGESTED: &str = "python3-pip, fonts-noto-cjk";

/// Makes it.
///
/// # Errors
/// When a file cannot be written, or `dpkg-deb` fails.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let tree = Tree::lay_out(staged, "deb")?;
    Tree::write_packed(&tree.documents().join("changelog.Debian"), &changelog(release))?;
    let overrides = tree.at("usr/share/lintian/overrides").join(release.name());
    copy(&repository().join("packaging/linux/lintian-overrides"), &overrides)?;
    let architecture = if staged.target.processor == "aarch64" { "arm64" } else { "amd64" };
    let libc = newest_glibc(&fs::read(staged.program()).context("cannot read the program")?);
    let control = control(release, architecture, &libc, installed_kib(&tree)?);
    let sums = sums(&tree)?;
    write(&tree.at("DEBIAN/control"), &control)?;
    write(&tree.at("DEBIAN/md5sums"), &sums)?;
    tree.settle()?;
    let path = folder.join(format!("{}_{}_{architecture}.deb", release.name(), version(release)));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.env("SOURCE_DATE_EPOCH", release.epoch_secs.to_string());
    // One thread, because the output depends on the number of threads.
    dpkg.env("DPKG_DEB_THREADS_MAX", "1").args(["--root-owner-group", "-Zxz", "-z9", "--build"]);
    run(dpkg.arg(&tree.root).arg(&path))?;
    Ok(path)
}

/// The version in Debian's form, in which pre-releases sort before the release.
pub(crate) fn version(release: &Release) -> String {
    format!("{}-1", release.version.replacen('-', "~", 1))
}

fn control(release: &Release, architecture: &str, libc: &str, installed_kib: u64) -> String {
    let needed: Vec<_> = WINDOW_PACKAGES.iter().filter(|name| !name.starts_with("fonts-")).copied().collect();
    let (mut variant, mut device) = (String::new(), String::new());
    if release.has_cuda {
        variant = format!("Provides: recto (= {})\nConflicts: recto\nReplaces: recto\n", version(release));
        " This is the program for NVIDIA's cards; it needs their driver.\n".clone_into(&mut device);
    }
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {installed_kib}\nDepends: libc6 (>= {libc}), libgcc-s1, {needed}\nRecommends: {RECOMMENDED}\n\
         Suggests: {SUGGESTED}\n{variant}Section: text\nPriority: optional\n\
         Description: ask a report, and see where the answer comes from\n \
         Recto answers questions about long reports, charts included, on this\n \
         computer. You drop a PDF on it and ask; the answer streams in, and beside it\n \
         stand the pages, lines and figures that it comes from.\n .\n \
         Nothing leaves the machine. A model is fetched only when you ask for one.\n{device}",
        name = release.name(),
        version = version(release),
        needed = needed.join(", "),
    )
}

fn changelog(release: &Release) -> String {
    format!(
        "{} ({}) unstable; urgency=medium\n\n  * Recto {}; what changed for its users is in CHANGELOG.md of its source.\n\n \
         -- {MAINTAINER}  {}\n",
        release.name(),
        version(release),
        release.version,
        release.time_of_letters(),
    )
}

/// The newest glibc version a program requires, found by the names of symbol versions in it.
fn newest_glibc(program: &[u8]) -> String {
    const NAME: &[u8] = b"GLIBC_2.";
    let minor = |at: usize| {
        let digits = program.get(at + NAME.len()..)?.iter().take_while(|byte| byte.is_ascii_digit());
        String::from_utf8(digits.copied().collect()).ok()?.parse::<u32>().ok()
    };
    let found = program.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    format!("2.{}", found.filter_map(|(at, _)| minor(at)).max().unwrap_or_default())
}

/// Installed size by Debian's rules: each file in whole KiB.
fn installed_kib(tree: &Tree) -> Result<u64> {
    let sizes = files_below(&tree.root)?.into_iter().map(|file| {
        let path = tree.root.join(file);
        Ok(fs::metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?.len().div_ceil(1024))
    });
    sizes.sum()
}

/// Checksums for `dpkg --verify`, which uses MD5.
fn sums(tree: &Tree) -> Result<String> {
    output(Command::new("md5sum").current_dir(&tree.root).args(files_below(&tree.root)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str, has_cuda: bool) -> Release {
        Release { version: version.into(), epoch_secs: 0, has_cuda }
    }

    #[test]
    fn what_comes_before_a_release_sorts_before_it() {
        assert_eq!(version(&release("0.2.0", false)), "0.2.0-1");
        assert_eq!(version(&release("0.2.0-rc.1", false)), "0.2.0~rc.1-1");
    }

    #[test]
    fn the_newest_c_library_counts() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0"), "2.34");
    }

    #[test]
    fn the_package_for_cards_takes_the_place_of_the_other() {
        let plain = control(&release("0.1.0", false), "amd64", "2.34", 1);
        assert!(plain.contains("libxkbcommon-x11-0") && !plain.contains("Conflicts"), "{plain}");
        let cuda = control(&release("0.1.0", true), "amd64", "2.34", 1);
        assert!(cuda.starts_with("Package: recto-cuda\n") && cuda.contains("Provides: recto (= 0.1.0-1)"), "{cuda}");
        assert!(cuda.ends_with("needs their driver.\n"), "{cuda}");
    }
}
