//! Packages for Windows: an installer for one user, an `.msi`, and a portable `.zip`.

mod contents;
mod cross;
mod msi;
mod nsis;
mod portable;
mod registry;
mod sign;
mod subsystem;
mod summary;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::format::{Format, Tool};
use super::stage::{Staged, files_below};

pub(crate) use cross::build;
pub(crate) use registry::{APPLICATION, DOCUMENT, ENDINGS};

/// All kinds of them.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "zip", tools: &[], make: portable::make },
    Format { name: "nsis", tools: &[Tool { program: "makensis", debian: Some("nsis") }], make: nsis::make },
    Format { name: "msi", tools: &[Tool { program: "wixl", debian: Some("wixl") }], make: msi::make },
];

/// Splits the staged program into two files, with and without a console, both with their icon, and signs them and
/// PDFium.
///
/// # Errors
/// When the program is not a console program, or cannot be signed.
pub(crate) fn finish(staged: &Staged) -> Result<()> {
    let with_window = staged.program();
    let with_console = with_window.with_extension("com");
    let program = fs::read(&with_window).with_context(|| format!("cannot read {}", with_window.display()))?;
    let changed = subsystem::without_console(&program).with_context(|| format!("in {}", with_window.display()))?;
    for (path, bytes) in [(&with_window, &changed), (&with_console, &program)] {
        fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let icons = staged.folder.join("icons");
    fs::remove_dir_all(&icons).with_context(|| format!("cannot remove {}", icons.display()))?;
    sign::say_whether();
    [with_window, with_console, staged.library()].iter().try_for_each(|path| sign::sign(path))?;
    // Packages contain the times of files.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(staged.release.epoch_secs);
    for name in names_of(&staged.folder)? {
        let set = File::options().write(true).open(staged.folder.join(&name)).and_then(|file| file.set_modified(time));
        set.with_context(|| format!("cannot set the time of {name}"))?;
    }
    Ok(())
}

/// All staged files, sorted, with `/` in their paths.
fn names_of(folder: &Path) -> Result<Vec<String>> {
    let name = |path: &Path| path.to_str().map(|path| path.replace('\\', "/")).context("a file's name is not text");
    files_below(folder)?.iter().map(|path| name(path)).collect()
}

/// A version in Windows' form: four numbers.
fn four_numbers(version: &str, between: &str) -> String {
    let number = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().to_owned();
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut numbers: Vec<_> = plain.split('.').map(number).filter(|number| !number.is_empty()).take(3).collect();
    numbers.resize(4, "0".to_owned());
    numbers.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_four_numbers() {
        for (version, numbers) in [("0.1.0", "0.1.0.0"), ("1.12.3-rc.4", "1.12.3.0"), ("2", "2.0.0.0")] {
            assert_eq!(four_numbers(version, "."), numbers);
        }
    }
}
