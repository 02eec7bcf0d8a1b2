//! The platform that packages are built for, by its names in Rust, in PDFium's pins and in file names.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::output;

/// An operating system that Recto is packaged for.
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
    /// The target triple, `x86_64-unknown-linux-gnu`.
    pub(crate) triple: String,
    /// The system.
    pub(crate) system: System,
    /// The processor, `x86_64` or `aarch64`.
    pub(crate) processor: String,
}

impl Target {
    /// Parses a target triple.
    ///
    /// # Errors
    /// When it is not supported.
    pub(crate) fn parse(triple: &str) -> Result<Self> {
        let system = match triple.split_once('-').map(|(_, rest)| rest) {
            Some("unknown-linux-gnu") => System::Linux,
            Some("pc-windows-msvc" | "pc-windows-gnu" | "pc-windows-gnullvm") => System::Windows,
            Some("apple-darwin") => System::MacOs,
            _ => bail!("{triple} is not supported; Linux with glibc, Windows and macOS are"),
        };
        let processor = triple.split('-').next().unwrap_or_default();
        if !["x86_64", "aarch64"].contains(&processor) {
            bail!("the processor {processor} is not supported; x86_64 and aarch64 are");
        }
        Ok(Self { triple: triple.to_owned(), system, processor: processor.to_owned() })
    }

    /// This machine's platform.
    ///
    /// # Errors
    /// When the compiler cannot be run, or this machine is not supported.
    pub(crate) fn host() -> Result<Self> {
        let described = output(Command::new("rustc").arg("-vV"))?;
        let triple = described.lines().find_map(|line| line.strip_prefix("host: "));
        Self::parse(triple.context("rustc reports no host")?)
    }

    /// Its key in `packaging/pdfium.toml`.
    pub(crate) fn pdfium_key(&self) -> String {
        match self.system {
            System::Linux => format!("linux-{}-gnu", self.processor),
            System::Windows => format!("windows-{}", self.processor),
            System::MacOs => format!("macos-{}", self.processor),
        }
    }

    /// Its name in file names: `linux-x86_64`.
    pub(crate) fn label(&self) -> String {
        let system = match self.system {
            System::Linux => "linux",
            System::Windows => "windows",
            System::MacOs => "macos",
        };
        format!("{system}-{}", self.processor)
    }

    /// The program's file name.
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
