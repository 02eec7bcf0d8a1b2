//! `SHA256SUMS`, for verifying downloaded packages.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::pdfium::hex_sha256;

/// The file's name.
pub(crate) const NAME: &str = "SHA256SUMS";

/// Writes the checksums of all files in a folder, as read by `sha256sum --check`.
///
/// # Errors
/// When a file cannot be read, or the list cannot be written.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && name != NAME && !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let mut text = String::new();
    for name in names {
        let bytes = fs::read(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
        writeln!(text, "{}  {name}", hex_sha256(&bytes))?;
    }
    fs::write(folder.join(NAME), text).with_context(|| format!("cannot write {NAME}"))
}
