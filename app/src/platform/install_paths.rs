//! Files installed with the program, found relative to the executable and never by a compiled-in path.

use std::path::{Path, PathBuf};

/// File name of the sample report.
const SAMPLE: &str = "treasury_bulletin_2025_06.pdf";

/// Folders of the sample report relative to the executable: portable and on Windows, installed on Linux, in a macOS
/// bundle.
const SAMPLE_FOLDERS: [&str; 3] = ["sample", "../share/recto/sample", "../Resources/sample"];

/// Cargo's target folder, and the sample's folder in a checkout.
const TARGET: &str = "target";
const SAMPLE_IN_CHECKOUT: &str = "assets/sample";

/// Path of the sample report, if it is installed.
pub(crate) fn sample_report() -> Option<PathBuf> {
    // The executable may be a symbolic link made by a package manager.
    let program = std::env::current_exe().ok()?;
    let real = program.canonicalize().ok();
    [Some(program), real].into_iter().flatten().find_map(|program| sample_near(program.parent()?))
}

/// Finds the sample report from the folder of the executable.
fn sample_near(folder: &Path) -> Option<PathBuf> {
    let installed = SAMPLE_FOLDERS.iter().map(|relative| folder.join(relative));
    let is_target = |ancestor: &&Path| ancestor.file_name().is_some_and(|name| name == TARGET);
    let checkout = folder.ancestors().find(is_target).and_then(Path::parent).map(|root| root.join(SAMPLE_IN_CHECKOUT));
    let found = installed.chain(checkout).map(|folder| folder.join(SAMPLE)).find(|path| path.is_file())?;
    // The library stores this path, so `..` is resolved.
    Some(without_parent_dirs(&found))
}

/// Resolves `..` in a path lexically.
fn without_parent_dirs(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            resolved.pop();
        } else {
            resolved.push(part);
        }
    }
    resolved
}

/// A path from the command line; desktops may pass it as a URL, `file:///reports/June%202025.pdf`.
pub(crate) fn named_file(name: PathBuf) -> PathBuf {
    let address = name.to_str().filter(|text| text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:")));
    let path = address.and_then(|address| url::Url::parse(address).ok()?.to_file_path().ok());
    path.unwrap_or(name)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_found_in_every_package() {
        for (program, sample) in [
            ("opt/Recto Größe", "opt/Recto Größe/sample"),
            ("usr/bin", "usr/share/recto/sample"),
            ("Recto.app/Contents/MacOS", "Recto.app/Contents/Resources/sample"),
            ("checkout/target/x86_64-pc-windows-gnu/dist", "checkout/assets/sample"),
        ] {
            let root = tempfile::tempdir().unwrap();
            let (program, sample) = (root.path().join(program), root.path().join(sample));
            std::fs::create_dir_all(&program).unwrap();
            std::fs::create_dir_all(&sample).unwrap();
            assert_eq!(sample_near(&program), None);
            std::fs::write(sample.join(SAMPLE), b"%PDF").unwrap();
            assert_eq!(sample_near(&program), Some(sample.join(SAMPLE)));
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_file_may_be_named_by_its_address() {
        for (name, path) in [
            ("file:///reports/June%202025/Gr%C3%B6%C3%9Fe.pdf", "/reports/June 2025/Größe.pdf"),
            ("file://localhost/reports/%E5%A0%B1%E5%91%8A.pdf", "/reports/報告.pdf"),
            ("FILE:///a.pdf", "/a.pdf"),
            ("/reports/100%20.pdf", "/reports/100%20.pdf"),
            ("file.pdf", "file.pdf"),
            ("file://elsewhere/a.pdf", "file://elsewhere/a.pdf"),
            ("報告 Größe.pdf", "報告 Größe.pdf"),
        ] {
            assert_eq!(named_file(name.into()), PathBuf::from(path), "{name}");
        }
    }
}
