//! The .rpm for Fedora, openSUSE and their relatives, built by `rpmbuild`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::tree::Tree;
use crate::dist::release::Release;
use crate::dist::stage::{Staged, copy, files_below, write};
use crate::process::run;

/// Libraries the window opens by name at run time; rpmbuild finds the linked ones.
const OPENED: &[&str] = &[
    "libX11.so.6",
    "libX11-xcb.so.1",
    "libXcursor.so.1",
    "libXi.so.6",
    "libxkbcommon.so.0",
    "libxkbcommon-x11.so.0",
    "libGL.so.1",
    "libEGL.so.1",
];

/// Recommended libraries.
const RECOMMENDED: &[&str] = &["libdbus-1.so.3", "libfontconfig.so.1", "libwayland-client.so.0"];

/// Disables stripping, byte-compiling and dependency lookups, fixes host and time, and compresses with one thread.
const MACROS: &[(&str, &str)] = &[
    ("_build_id_links", "none"),
    ("_buildhost", "reproducible"),
    ("_binary_payload", "w9.xzdio"),
    ("__os_install_post", "%{nil}"),
    ("__requires_exclude", "^libpdfium"),
    ("__provides_exclude_from", "^/usr/lib/recto/.*$"),
    ("clamp_mtime_to_source_date_epoch", "1"),
    ("debug_package", "%{nil}"),
    ("use_source_date_epoch_as_buildtime", "1"),
];

/// Makes it.
///
/// # Errors
/// When a file cannot be written, or `rpmbuild` fails.
pub(crate) fn make(staged: &Staged, folder: &Path) -> Result<PathBuf> {
    let release = &staged.release;
    let tree = Tree::lay_out(staged, "rpm")?;
    for name in ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&staged.folder.join("licences").join(name), &tree.documents().join(name))?;
    }
    tree.settle()?;
    let files = files_below(&tree.root)?;
    let scratch = tree.root.with_extension("rpmbuild");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear {}", scratch.display()))?;
    }
    let spec_path = scratch.join("recto.spec");
    write(&spec_path, &spec(release, &tree.root, &files))?;
    let processor = &staged.target.processor;
    let name = format!("{}-{}-1.{processor}.rpm", release.name(), version(release));
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild.env("SOURCE_DATE_EPOCH", release.epoch_secs.to_string());
    rpmbuild.args(["-bb", "--quiet", "--target", &format!("{processor}-linux")]);
    let defined = |name: &str, value: &Path| format!("{name} {}", value.display());
    rpmbuild.args(["--define", &defined("_topdir", &scratch), "--define", &defined("_rpmdir", &scratch)]);
    rpmbuild.args(["--define", &format!("_rpmfilename {name}")]);
    run(rpmbuild.args(["--buildroot", &scratch.join("root").display().to_string()]).arg(&spec_path))?;
    let path = folder.join(&name);
    copy(&scratch.join(&name), &path)?;
    Ok(path)
}

fn version(release: &Release) -> String {
    release.version.replace('-', "~")
}

fn spec(release: &Release, tree: &Path, files: &[PathBuf]) -> String {
    let mut spec: Vec<String> = MACROS.iter().map(|(name, value)| format!("%define {name} {value}")).collect();
    let name = release.name();
    spec.push(format!("Name: {name}\nVersion: {}\nRelease: 1", version(release)));
    spec.push("Summary: Ask a report, and see where the answer comes from".to_owned());
    spec.push("License: MIT OR Apache-2.0\nGroup: Productivity/Office".to_owned());
    spec.extend(OPENED.iter().map(|library| format!("Requires: {library}()(64bit)")));
    spec.extend(RECOMMENDED.iter().map(|library| format!("Recommends: {library}()(64bit)")));
    spec.push("Recommends: (mesa-dri-drivers or Mesa-dri)\nRecommends: xdg-desktop-portal".to_owned());
    spec.push("Suggests: python3-pip".to_owned());
    if release.has_cuda {
        spec.push(format!("Provides: recto = {}-1\nConflicts: recto", version(release)));
    }
    spec.push(
        "\n%description\nRecto answers questions about long reports, charts included, on this computer. You drop a PDF on it\n\
         and ask; the answer streams in, and beside it stand the pages, lines and figures that it comes from.\n\
         Nothing leaves the machine. A model is fetched only when you ask for one."
            .to_owned(),
    );
    // The shell that runs this quotes spaces in the path of the tree.
    let from = tree.display().to_string().replace('\'', "'\\''");
    spec.push(format!("\n%install\nmkdir -p %{{buildroot}}\ncp -a '{from}/.' %{{buildroot}}/"));
    spec.push("\n%files\n%defattr(-,root,root,-)".to_owned());
    let own = ["usr/lib/recto", "usr/share/recto", "usr/share/recto/sample"].map(PathBuf::from);
    let documents = PathBuf::from("usr/share/doc").join(name);
    let mut folders: Vec<_> = files
        .iter()
        .flat_map(|file| file.ancestors().skip(1).map(Path::to_path_buf))
        .filter(|folder| own.contains(folder) || folder.starts_with(&documents))
        .collect();
    folders.sort();
    folders.dedup();
    spec.extend(folders.iter().map(|folder| format!("%dir \"/{}\"", folder.display())));
    spec.extend(files.iter().map(|file| format!("\"/{}\"", file.display())));
    spec.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_owns_its_own_folders_and_no_others() {
        let release = Release { version: "0.2.0-rc.1".into(), epoch_secs: 0, has_cuda: true };
        let files = ["usr/bin/recto", "usr/lib/recto/libpdfium.so", "usr/share/doc/recto-cuda/pdfium/a b.txt"];
        let spec = spec(&release, Path::new("it's here"), &files.map(PathBuf::from));
        for line in [
            "Name: recto-cuda",
            "Version: 0.2.0~rc.1",
            "Conflicts: recto",
            "Requires: libxkbcommon-x11.so.0()(64bit)",
            "cp -a 'it'\\''s here/.' %{buildroot}/",
            "%dir \"/usr/lib/recto\"",
            "%dir \"/usr/share/doc/recto-cuda/pdfium\"",
            "\"/usr/share/doc/recto-cuda/pdfium/a b.txt\"",
        ] {
            assert!(spec.lines().any(|found| found.contains(line)), "{line}\n{spec}");
        }
        assert!(!spec.contains("%dir \"/usr/bin\""));
    }
}
