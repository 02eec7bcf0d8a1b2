//! `Recto.app`: the staged folder in the layout of a macOS application.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::dist::stage::{Staged, copy, files_below};
use crate::process::repository;

/// Name of the application's folder.
pub(crate) const NAME: &str = "Recto.app";

/// Folder of the program.
pub(crate) const PROGRAM: &str = "Contents/MacOS/recto";

/// Folder of libraries.
const LIBRARIES: &str = "Contents/Frameworks";

/// Folder of everything else.
const RESOURCES: &str = "Contents/Resources";

/// The icon, named in Info.plist.
const ICON: &str = "recto.icns";

/// Assembles the unsigned application and returns its folder.
///
/// # Errors
/// When a file cannot be copied or written.
pub(crate) fn make(staged: &Staged) -> Result<PathBuf> {
    let app = staged.folder.with_extension("image").join(NAME);
    if app.exists() {
        fs::remove_dir_all(&app).with_context(|| format!("cannot clear {}", app.display()))?;
    }
    for inside in files_below(&staged.folder)? {
        if let Some(place) = place_of(&inside, &staged.pdfium.library) {
            copy(&staged.folder.join(&inside), &app.join(place))?;
        }
    }
    let template = repository().join("packaging/macos/Info.plist");
    let template = fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
    let contents = app.join("Contents");
    fs::write(contents.join("Info.plist"), properties(&template, &staged.release.version))
        .with_context(|| format!("cannot write into {}", contents.display()))?;
    // Type and creator, for older parts of the system.
    fs::write(contents.join("PkgInfo"), "APPL????")
        .with_context(|| format!("cannot write into {}", contents.display()))?;
    Ok(app)
}

/// Path of PDFium's library in the application.
pub(crate) fn library(app: &Path, library: &str) -> PathBuf {
    app.join(LIBRARIES).join(library)
}

/// Where a staged file goes; icons of other systems are omitted.
fn place_of(inside: &Path, library: &str) -> Option<PathBuf> {
    let resources = Path::new(RESOURCES);
    let place = match inside.to_str()? {
        "recto" => PathBuf::from(PROGRAM),
        name if name == library => Path::new(LIBRARIES).join(name),
        "sbom.cdx.json" => resources.join("licences").join(inside),
        _ => match inside.strip_prefix("icons") {
            Ok(icon) if icon == Path::new(ICON) => resources.join(ICON),
            Ok(_) => return None,
            Err(_) => resources.join(inside),
        },
    };
    Some(place)
}

/// Info.plist with the version: its full name, and as numbers without suffix.
fn properties(template: &str, version: &str) -> String {
    let number = version.split(['-', '+']).next().unwrap_or(version);
    template.replace("@VERSION@", version).replace("@NUMBER@", number)
}

#[cfg(test)]
mod tests;
