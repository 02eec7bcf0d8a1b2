//! Kinds of package: name, builder and required tools.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::stage::Staged;
use super::target::System;
use super::{linux, macos, windows};
use crate::machine;
use crate::process::is_in_path;

/// A program that builds packages.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Its name.
    pub(crate) program: &'static str,
    /// The Debian package that contains it, if any.
    pub(crate) debian: Option<&'static str>,
}

/// A kind of package.
#[derive(Debug)]
pub(crate) struct Format {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Required tools.
    pub(crate) tools: &'static [Tool],
    /// Builds one from the staged folder into the given folder and returns its path.
    pub(crate) make: fn(&Staged, &Path) -> Result<PathBuf>,
}

impl Format {
    /// All kinds for a system.
    pub(crate) fn all_of(system: System) -> &'static [Self] {
        match system {
            System::Linux => linux::FORMATS,
            System::Windows => windows::FORMATS,
            System::MacOs => macos::FORMATS,
        }
    }

    /// The kinds with these names, or all if there are none.
    ///
    /// # Errors
    /// When the system has no such kind.
    pub(crate) fn chosen(system: System, names: &[String]) -> Result<Vec<&'static Self>> {
        let all = Self::all_of(system);
        if names.is_empty() {
            return Ok(all.iter().collect());
        }
        let find = |name: &String| {
            let Some(found) = all.iter().find(|format| format.name == name) else {
                let known: Vec<_> = all.iter().map(|format| format.name).collect();
                bail!("unknown package `{name}` for this system; known are: {}", known.join(", "))
            };
            Ok(found)
        };
        names.iter().map(find).collect()
    }

    /// Finds the tools, installing those from Debian if permitted. Returns `None` if all are there, otherwise what is
    /// missing.
    pub(crate) fn missing_tools(&self) -> Option<String> {
        let debian: Vec<_> = self.tools.iter().filter_map(|tool| Some((tool.program, tool.debian?))).collect();
        if let Err(error) = machine::need_tools(&debian) {
            return Some(format!("{error:#}"));
        }
        let missing: Vec<_> = self.tools.iter().map(|tool| tool.program).filter(|tool| !is_in_path(tool)).collect();
        (!missing.is_empty()).then(|| format!("{} is not installed", missing.join(" and ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_chosen_by_name() {
        let chosen = Format::chosen(System::Linux, &["tar".to_owned()]).unwrap();
        assert_eq!(chosen.iter().map(|format| format.name).collect::<Vec<_>>(), ["tar"]);
        let error = Format::chosen(System::Linux, &["msi".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("tar"), "{error}");
    }
}
