//! The staged folder in Linux's layout: below `usr`, with menu entry, icons and manual page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::dist::stage::{Staged, copy, files_below, write};
use crate::icons;
use crate::process::{repository, run};

/// Icon sizes that menus use.
const ICON_SIZES: &[u32] = &[16, 24, 32, 48, 64, 128, 256, 512];

/// A folder that becomes the root of a system.
pub(crate) struct Tree {
    /// Its path.
    pub(crate) root: PathBuf,
    package: &'static str,
    epoch_secs: u64,
}

impl Tree {
    /// Lays out the staged folder in a fresh folder of this name next to it.
    ///
    /// # Errors
    /// When a file cannot be copied or written.
    pub(crate) fn lay_out(staged: &Staged, name: &str) -> Result<Self> {
        let label = format!("{}-{}", staged.release.name(), staged.target.label());
        let root = staged.folder.with_file_name(format!("{label}-{name}"));
        if root.exists() {
            fs::remove_dir_all(&root).with_context(|| format!("cannot clear {}", root.display()))?;
        }
        let tree = Self { root, package: staged.release.name(), epoch_secs: staged.release.epoch_secs };
        copy(&staged.program(), &tree.at("usr/bin/recto"))?;
        copy(&staged.library(), &tree.at("usr/lib/recto").join(&staged.pdfium.library))?;
        for file in files_below(&staged.folder.join("sample"))? {
            copy(&staged.folder.join("sample").join(&file), &tree.at("usr/share/recto/sample").join(&file))?;
        }
        for side in ICON_SIZES {
            let folder = tree.at("usr/share/icons/hicolor").join(format!("{side}x{side}/apps"));
            copy(&icons::picture(*side), &folder.join("recto.png"))?;
        }
        let scalable = tree.at("usr/share/icons/hicolor/scalable/apps/recto.svg");
        copy(&icons::folder().join("recto.svg"), &scalable)?;
        tree.add_descriptions(staged)?;
        tree.add_documents(staged)?;
        Ok(tree)
    }

    /// A path in it.
    pub(crate) fn at(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// The documentation folder.
    pub(crate) fn documents(&self) -> PathBuf {
        self.at("usr/share/doc").join(self.package)
    }

    /// Writes a text compressed with gzip, without name and time.
    pub(crate) fn write_packed(path: &Path, text: &str) -> Result<()> {
        write(path, text)?;
        run(Command::new("gzip").args(["-9", "--no-name", "--force"]).arg(path))
    }

    /// Sets permissions and times of every file, regardless of this machine's umask.
    ///
    /// # Errors
    /// When that is not permitted.
    pub(crate) fn settle(&self) -> Result<()> {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.epoch_secs);
        let files = files_below(&self.root)?;
        let mut folders: Vec<PathBuf> =
            files.iter().flat_map(|file| file.ancestors().skip(1).map(Path::to_path_buf)).collect();
        folders.sort();
        folders.dedup();
        for file in &files {
            let is_program = file.starts_with("usr/bin");
            settle(&self.root.join(file), if is_program { 0o755 } else { 0o644 }, time)?;
        }
        // Innermost first, because changes inside a folder change its time.
        folders.iter().rev().try_for_each(|folder| settle(&self.root.join(folder), 0o755, time))
    }

    fn add_descriptions(&self, staged: &Staged) -> Result<()> {
        let from = repository().join("packaging/linux");
        copy(&from.join("recto.desktop"), &self.at("usr/share/applications/recto.desktop"))?;
        let release = &staged.release;
        let (year, month, day) = release.date();
        let filled = |name: &str| -> Result<String> {
            let path = from.join(name);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(text
                .replace("@VERSION@", &release.version)
                .replace("@DATE@", &format!("{year:04}-{month:02}-{day:02}"))
                .replace("@MIT@", &indented_licence()?))
        };
        write(&self.at("usr/share/metainfo/recto.metainfo.xml"), &filled("recto.metainfo.xml")?)?;
        Self::write_packed(&self.at("usr/share/man/man1/recto.1"), &filled("recto.1")?)?;
        write(&self.documents().join("copyright"), &filled("copyright")?)
    }

    fn add_documents(&self, staged: &Staged) -> Result<()> {
        let licences = staged.folder.join("licences");
        for file in files_below(&licences)? {
            if file.starts_with("pdfium") || file.ends_with("starter-adapter.txt") {
                copy(&licences.join(&file), &self.documents().join(&file))?;
            }
        }
        for name in ["third-party.txt", "sbom.cdx.json"] {
            let text = fs::read_to_string(licences.join(name)).with_context(|| format!("cannot read {name}"))?;
            Self::write_packed(&self.documents().join(name), &text)?;
        }
        Ok(())
    }
}

/// Our licence as a paragraph of a Debian copyright file.
fn indented_licence() -> Result<String> {
    let text = fs::read_to_string(repository().join("LICENSE-MIT")).context("cannot read LICENSE-MIT")?;
    let lines = text.trim().lines().skip_while(|line| !line.starts_with("Permission"));
    let lines = lines.map(|line| if line.is_empty() { " .".to_owned() } else { format!(" {line}") });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(unix)]
fn settle(path: &Path, mode: u32, time: SystemTime) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let set = || {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        fs::File::open(path)?.set_modified(time)
    };
    set().with_context(|| format!("cannot set permissions and time of {}", path.display()))
}

#[cfg(not(unix))]
fn settle(_path: &Path, _mode: u32, _time: SystemTime) -> Result<()> {
    anyhow::bail!("Linux packages need Unix file permissions")
}
