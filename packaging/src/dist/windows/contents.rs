//! Macros for the installer script that install and remove files and registry values.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::registry::{self, APPLICATION, DOCUMENT, ENDINGS};

/// The macros for `files`, given relative to `folder`.
///
/// # Errors
/// When a path is not text.
pub(super) fn macros(folder: &Path, files: &[String]) -> Result<String> {
    let from = folder.to_str().context("the staged folder's path is not text")?;
    let mut script = String::from("!macro INSTALL_FILES\n");
    let mut folders = BTreeSet::new();
    for file in files {
        let inside = parent(file);
        let mut open = inside;
        while !open.is_empty() {
            folders.insert(open.to_owned());
            open = parent(open);
        }
        writeln!(script, "  SetOutPath {}", quoted(&place(inside)))?;
        writeln!(script, "  File {}", quoted(&format!("{from}/{file}")))?;
    }
    script.push_str("!macroend\n!macro REMOVE_FILES\n");
    for file in files {
        writeln!(script, "  Delete {}", quoted(&place(file)))?;
    }
    // The inner ones first.
    for folder in folders.iter().rev() {
        writeln!(script, "  RMDir {}", quoted(&place(folder)))?;
    }
    script.push_str("!macroend\n");
    script.push_str(&registry_macros()?);
    Ok(script)
}

fn registry_macros() -> Result<String> {
    let mut script = String::from("!macro WRITE_REGISTRY\n");
    for value in registry::values() {
        let text = value.text.replace("{folder}", r"$INSTDIR\");
        writeln!(script, "  WriteRegStr HKCU {} {} {}", quoted(&value.key), quoted(value.name), quoted(&text))?;
    }
    script.push_str("!macroend\n!macro REMOVE_REGISTRY\n");
    for key in [APPLICATION, DOCUMENT] {
        writeln!(script, "  DeleteRegKey HKCU {}", quoted(key))?;
    }
    for ending in ENDINGS {
        let open_with = registry::open_with(ending);
        writeln!(script, "  DeleteRegValue HKCU {} \"Recto.Document\"", quoted(&open_with))?;
        // Keys that contain values of other programs stay.
        for key in [open_with.as_str(), open_with.rsplit_once('\\').map_or("", |(above, _)| above)] {
            writeln!(script, "  ClearErrors\n  EnumRegValue $R9 HKCU {} 0", quoted(key))?;
            writeln!(script, "  ${{If}} ${{Errors}}\n    DeleteRegKey /ifempty HKCU {}\n  ${{EndIf}}", quoted(key))?;
        }
    }
    script.push_str("  ClearErrors\n!macroend\n");
    Ok(script)
}

/// The part of a path before its last `/`.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The installed path of a file.
fn place(inside: &str) -> String {
    if inside.is_empty() { "$INSTDIR".to_owned() } else { format!(r"$INSTDIR\{}", inside.replace('/', r"\")) }
}

/// A quoted word of the script; quotes are escaped, and dollars of script variables are kept.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "$\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_removed_inside_out() {
        let files = ["licences/pdfium/LICENSE".to_owned(), "recto.exe".to_owned()];
        let script = macros(Path::new("/staged"), &files).unwrap();
        let at = |text: &str| script.find(text).unwrap_or_else(|| panic!("{text} is not in\n{script}"));
        at("SetOutPath \"$INSTDIR\\licences\\pdfium\"\n  File \"/staged/licences/pdfium/LICENSE\"\n");
        at("Delete \"$INSTDIR\\recto.exe\"");
        assert!(at("RMDir \"$INSTDIR\\licences\\pdfium\"") < at("RMDir \"$INSTDIR\\licences\"\n"));
        at("$\\\"$INSTDIR\\recto.exe$\\\" $\\\"%1$\\\"");
    }
}
