//! Files installed with the program, found relative to the executable and never by a compiled-in path.

use std::path::{Path, PathBuf};

/// File name of the sample report.
const SAMPLE: &str = "treasury_bulletin_2025_06.pdf";

/// Folders of the sample report relative to the executable: portable and on Windows, installed on Linux, in a macOS
/// bundle.
const SAMPLE_FOLDERS: [&str; 3] = ["sample", "../share/recto/sample", "../Resources/sample"];

/// The sample's folder in a checkout.
const SAMPLE_IN_CHECKOUT: &str = "assets/sample";

/// Cargo's list of the files that a program was built from, beside it, and one of them.
const BUILT_FROM: &str = "recto.d";
const MAIN: &str = "app/src/main.rs";

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
    // Cargo's target folder may have any name, and lie anywhere in the checkout.
    let checkout = folder.ancestors().map(|root| root.join(SAMPLE_IN_CHECKOUT));
    let found = installed
        .chain(checkout)
        .chain(sources_near(folder))
        .map(|folder| folder.join(SAMPLE))
        .find(|path| path.is_file())?;
    // The library stores this path, so `..` is resolved.
    Some(without_parent_dirs(&found))
}

/// The sample's folder in the checkout that the program was built from, wherever cargo's target folder is: beside a program,
/// cargo lists the files that it was built from.
fn sources_near(folder: &Path) -> Option<PathBuf> {
    let list = std::fs::read_to_string(folder.join(BUILT_FROM)).ok()?;
    // Blanks within a path are escaped, so only paths without one are found.
    let main = list.split_whitespace().map(Path::new).find(|path| path.ends_with(MAIN))?;
    Some(main.ancestors().nth(Path::new(MAIN).components().count())?.join(SAMPLE_IN_CHECKOUT))
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
    fn the_sample_is_found_from_a_build_folder_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let (checkout, build) = (root.path().join("checkout"), root.path().join("builds/debug"));
        let sample = checkout.join(SAMPLE_IN_CHECKOUT);
        std::fs::create_dir_all(&sample).unwrap();
        std::fs::create_dir_all(&build).unwrap();
        std::fs::write(sample.join(SAMPLE), b"%PDF").unwrap();
        assert_eq!(sample_near(&build), None);
        let (program, main) = (build.join("recto"), checkout.join(MAIN));
        let list = format!("{}: {} {}\n", program.display(), checkout.join("app/src/lib.rs").display(), main.display());
        std::fs::write(build.join(BUILT_FROM), list).unwrap();
        assert_eq!(sample_near(&build), Some(sample.join(SAMPLE)));
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
