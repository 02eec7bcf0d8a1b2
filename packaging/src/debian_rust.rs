//! Debian's Rust compiler, for targets whose standard library our compiler lacks. It is unpacked, not installed.
//!
//! `rustup target add` is the usual way to get a standard library; this is the alternative on Debian without rustup.
//! Debian 12 has a recent compiler (`rustc-web`), the source of its library and, for each of Debian's architectures,
//! the library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{is_in_path, output, repository, run};
use crate::say;

/// The compiler, cargo, the library for this machine and its source.
const PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", LIBRARY];

/// The standard library, with a package per architecture.
const LIBRARY: &str = "libstd-rust-web-dev";

/// Shared libraries that compiler and cargo need on Debian 12.
const LOADED: &[&str] =
    &["libllvm22", "libgit2-1.5", "libhttp-parser2.9", "libmbedtls14", "libmbedx509-1", "libmbedcrypto7"];

/// Whether the installed compiler lacks a standard library for `target`.
///
/// # Errors
/// When the compiler cannot be run.
pub(crate) fn is_needed_for(target: &str) -> Result<bool> {
    let mut rustc = Command::new("rustc");
    let libraries = output(rustc.args(["--print", "target-libdir", "--target", target]))?;
    Ok(!Path::new(libraries.trim()).is_dir())
}

/// Debian's Rust, unpacked in `target/debian-rust`.
pub(crate) struct DebianRust {
    folder: PathBuf,
    /// The packages' version.
    version: String,
}

impl DebianRust {
    /// Downloads and unpacks it, unless already done, to compile for `target`.
    ///
    /// # Errors
    /// When this is not Debian, or its packages are not available.
    pub(crate) fn unpack(target: &str) -> Result<Self> {
        if !is_in_path("dpkg-deb") || !cfg!(target_arch = "x86_64") {
            bail!("there is no standard library for {target}; get it with `rustup target add {target}`");
        }
        let described = output(Command::new("apt-cache").args(["show", "--no-all-versions", "rustc-web"]))
            .context("Debian's package rustc-web is not available; it is in Debian 12's security updates")?;
        let version = described.lines().find_map(|line| line.strip_prefix("Version: ")).map(str::to_owned);
        let version = version.context("rustc-web has no version")?;
        // Compiler and library must match, so each version has its own folder.
        let rust = Self { folder: repository().join("target/debian-rust").join(&version), version };
        if !rust.cargo_path().exists() {
            say::line(format_args!("fetching Debian's Rust {} into {}", rust.version, rust.folder.display()));
            let release = rust.version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            let mut packages: Vec<String> = PACKAGES.iter().map(|name| format!("{name}={}", rust.version)).collect();
            packages.push(format!("libstd-rust-web-{release}"));
            packages.extend(LOADED.iter().map(|name| (*name).to_owned()));
            rust.fetch(&packages, &[], "packages")?;
        }
        Ok(rust)
    }

    /// Adds the standard library for another architecture, by Debian's name (`arm64`) and Rust's target.
    ///
    /// # Errors
    /// When the package is not available.
    pub(crate) fn add_library(&self, architecture: &str, target: &str) -> Result<()> {
        if self.root().join("usr/lib/rustlib").join(target).is_dir() {
            return Ok(());
        }
        say::line(format_args!("fetching Debian's Rust library for {target}"));
        // Separate package lists leave the machine's configuration alone.
        let lists = self.folder.join("lists");
        fs::create_dir_all(lists.join("partial")).with_context(|| format!("cannot make {}", lists.display()))?;
        let options = [
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures={architecture}"),
            format!("Dir::State::Lists={}", lists.display()),
            format!("Dir::Cache={}", self.folder.display()),
            "APT::Sandbox::User=root".to_owned(),
        ];
        let options: Vec<&str> = options.iter().flat_map(|option| ["-o", option]).collect();
        run(Command::new("apt-get").args(&options).args(["update", "-qq"]))?;
        self.fetch(&[format!("{LIBRARY}={}", self.version)], &options, architecture)
    }

    /// Debian's cargo with Debian's compiler, without our settings.
    pub(crate) fn cargo(&self) -> Command {
        let root = self.root();
        let mut command = Command::new(self.cargo_path());
        command.current_dir(repository()).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTFLAGS");
        command.env("RUSTC", root.join("usr/bin/rustc"));
        command.env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"));
        command
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    fn cargo_path(&self) -> PathBuf {
        self.root().join("usr/bin/cargo")
    }

    fn fetch(&self, packages: &[String], options: &[&str], name: &str) -> Result<()> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut apt = Command::new("apt-get");
        run(apt.current_dir(&folder).args(options).args(["download", "--quiet"]).args(packages))?;
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let package = entry.context("cannot list the packages")?.path();
            run(Command::new("dpkg-deb").arg("-x").arg(package).arg(self.root()))?;
        }
        Ok(())
    }
}
