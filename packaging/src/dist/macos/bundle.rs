//! `Recto.app`: the staged folder, laid out as macOS wants an application.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::dist::stage::{Staged, copy, files_below};
use crate::process::repository;

/// What the application's folder is called.
pub(crate) const NAME: &str = "Recto.app";

/// Where the program lies in it.
pub(crate) const PROGRAM: &str = "Contents/MacOS/recto";

/// Where libraries lie in it.
const LIBRARIES: &str = "Contents/Frameworks";

/// Where everything else lies in it.
const RESOURCES: &str = "Contents/Resources";

/// The icon, which the list of properties names.
const ICON: &str = "recto.icns";

/// Puts the application together, not signed yet, and returns its folder.
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
    // Type and creator as old parts of the system read them.
    fs::write(contents.join("PkgInfo"), "APPL????")
        .with_context(|| format!("cannot write into {}", contents.display()))?;
    Ok(app)
}

/// Where PDFium's library lies in the application.
pub(crate) fn library(app: &Path, library: &str) -> PathBuf {
    app.join(LIBRARIES).join(library)
}

/// Where a file of the staged folder goes; icons of other systems go nowhere.
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

/// The list of properties, with the version in it: as it is called, and as a number, which has no suffix.
fn properties(template: &str, version: &str) -> String {
    let number = version.split(['-', '+']).next().unwrap_or(version);
    template.replace("@VERSION@", version).replace("@NUMBER@", number)
}

#[cfg(test)]
mod tests;
