//! The platform that packages are made for: as Rust, PDFium's pins and people call it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::output;

/// A system with packages of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Linux with glibc.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    MacOs,
}

/// A platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// As Rust calls it, `x86_64-unknown-linux-gnu`.
    pub(crate) triple: String,
    /// The system.
    pub(crate) system: System,
    /// The processor, `x86_64` or `aarch64`.
    pub(crate) processor: String,
}

impl Target {
    /// The platform of that name.
    ///
    /// # Errors
    /// When there are no packages for it.
    pub(crate) fn parse(triple: &str) -> Result<Self> {
        let system = match triple.split_once('-').map(|(_, rest)| rest) {
            Some("unknown-linux-gnu") => System::Linux,
            Some("pc-windows-msvc" | "pc-windows-gnu" | "pc-windows-gnullvm") => System::Windows,
            Some("apple-darwin") => System::MacOs,
            _ => bail!("there are no packages for {triple}; there are for Linux with glibc, Windows and macOS"),
        };
        let processor = triple.split('-').next().unwrap_or_default();
        if !["x86_64", "aarch64"].contains(&processor) {
            bail!("there are no packages for the processor {processor}; there are for x86_64 and aarch64");
        }
        Ok(Self { triple: triple.to_owned(), system, processor: processor.to_owned() })
    }

    /// This machine's.
    ///
    /// # Errors
    /// When the compiler cannot be asked, or there are no packages for this machine.
    pub(crate) fn host() -> Result<Self> {
        let described = output(Command::new("rustc").arg("-vV"))?;
        let triple = described.lines().find_map(|line| line.strip_prefix("host: "));
        Self::parse(triple.context("rustc does not name its host")?)
    }

    /// What `packaging/pdfium.toml` calls it.
    pub(crate) fn pdfium_key(&self) -> String {
        match self.system {
            System::Linux => format!("linux-{}-gnu", self.processor),
            System::Windows => format!("windows-{}", self.processor),
            System::MacOs => format!("macos-{}", self.processor),
        }
    }

    /// What people call it, in the names of files: `linux-x86_64`.
    pub(crate) fn label(&self) -> String {
        let system = match self.system {
            System::Linux => "linux",
            System::Windows => "windows",
            System::MacOs => "macos",
        };
        format!("{system}-{}", self.processor)
    }

    /// What the program's file is called there.
    pub(crate) fn program_name(&self) -> &'static str {
        if self.system == System::Windows { "recto.exe" } else { "recto" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_their_names() {
        for (triple, key, label) in [
            ("x86_64-unknown-linux-gnu", "linux-x86_64-gnu", "linux-x86_64"),
            ("aarch64-pc-windows-msvc", "windows-aarch64", "windows-aarch64"),
            ("aarch64-apple-darwin", "macos-aarch64", "macos-aarch64"),
        ] {
            let target = Target::parse(triple).unwrap();
            assert_eq!((target.pdfium_key().as_str(), target.label().as_str()), (key, label));
        }
        for without in ["x86_64-unknown-freebsd", "riscv64gc-unknown-linux-gnu", "x86_64-unknown-linux-musl"] {
            assert!(Target::parse(without).is_err(), "{without}");
        }
    }
}
