//! The folder that all packages of a platform are built from, laid out like the portable packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::release::Release;
use super::target::{System, Target};
use super::{crates, licences, sbom, windows};
use crate::icons;
use crate::pdfium::{self, Pdfium};
use crate::process::{output, repository};
use crate::program::{SAMPLE, target_folder};

/// The staged folder: the program, PDFium, `sample/`, `icons/` and `licences/`.
pub(crate) struct Staged {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The platform.
    pub(crate) target: Target,
    /// The release.
    pub(crate) release: Release,
    /// PDFium's library, next to the program.
    pub(crate) pdfium: Pdfium,
}

impl Staged {
    /// Stages everything around the built `program`.
    ///
    /// # Errors
    /// When PDFium cannot be downloaded, or a file cannot be copied.
    pub(crate) fn make(program: &Path, target: Target, release: Release) -> Result<Self> {
        let pdfium = pdfium::fetch_for(&target.pdfium_key())?;
        let folder = target_folder()?.join("dist/staged").join(format!("{}-{}", release.name(), target.label()));
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        let staged = Self { folder, target, release, pdfium };
        copy(program, &staged.program())?;
        copy(&staged.pdfium.folder.join(&staged.pdfium.library), &staged.library())?;
        let sample = repository().join(SAMPLE);
        copy(&sample, &staged.folder.join("sample").join(sample.file_name().context("the sample has no name")?))?;
        copy(&repository().join("assets/sample/SOURCE.md"), &staged.folder.join("sample/SOURCE.md"))?;
        staged.add_icons()?;
        staged.add_licences()?;
        if staged.target.system == System::Windows {
            windows::finish(&staged)?;
        }
        Ok(staged)
    }

    /// The program.
    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join(self.target.program_name())
    }

    /// PDFium's library.
    pub(crate) fn library(&self) -> PathBuf {
        self.folder.join(&self.pdfium.library)
    }

    fn add_icons(&self) -> Result<()> {
        let from = icons::folder();
        for entry in files_below(&from)? {
            if entry.extension().is_some_and(|end| end != "txt") {
                copy(&from.join(&entry), &self.folder.join("icons").join(&entry))?;
            }
        }
        Ok(())
    }

    fn add_licences(&self) -> Result<()> {
        let folder = self.folder.join("licences");
        for name in ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"] {
            copy(&repository().join(name), &folder.join(name))?;
        }
        // The starter's adapter is part of the program, under the model's terms.
        copy(&repository().join("assets/starter/NOTICE"), &folder.join("starter-adapter.txt"))?;
        let of_pdfium = self.pdfium.folder.join("licenses");
        for entry in files_below(&of_pdfium)? {
            copy(&of_pdfium.join(&entry), &folder.join("pdfium").join(&entry))?;
        }
        let crates = crates::linked(&self.target, self.release.features(&self.target).as_slice())?;
        let rust = rust_version()?;
        write(&folder.join("third-party.txt"), &licences::text(&crates, &rust)?)?;
        let bill = sbom::text(&crates, &rust, &self.pdfium, &self.release, &self.target)?;
        write(&folder.join("sbom.cdx.json"), &bill)
    }
}

/// The version of the compiler and its standard library.
fn rust_version() -> Result<String> {
    let described = output(Command::new("rustc").arg("--version"))?;
    described.split_whitespace().nth(1).map(String::from).context("rustc reports no version")
}

/// Writes a text.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().context("a file without a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file and its permissions, creating parent folders.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().context("a file without a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// All files below a folder, by relative path, sorted.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inside) = open.pop() {
        let full = folder.join(&inside);
        for entry in fs::read_dir(&full).with_context(|| format!("cannot list {}", full.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", full.display()))?;
            let path = inside.join(entry.file_name());
            let is_folder = entry.file_type().with_context(|| format!("cannot look at {}", path.display()))?.is_dir();
            if is_folder { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
