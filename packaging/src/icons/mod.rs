//! `cargo xtask icons`: renders the program's icons from `assets/icons/recto.svg` in all sizes.
//!
//! The results are committed, so that packages need no renderer. `drawn-from.txt` contains the SHA-256 of the drawing,
//! by which a test checks that they are up to date.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::pdfium::hex_sha256;
use crate::process::{repository, run};
use crate::{machine, say};

/// Sizes of the PNG files, in pixels.
pub(crate) const SIZES: &[u32] = &[16, 24, 32, 48, 64, 128, 256, 512, 1024];

/// Sizes in the Windows icon; Windows uses none larger.
const SIZES_OF_WINDOWS: &[u32] = &[16, 24, 32, 48, 64, 256];

/// Sizes in the macOS icon, with the type for each; small ones in the older format that every reader supports.
const SIZES_OF_MACOS: &[(u32, icns::IconType)] = &[
    (16, icns::IconType::RGB24_16x16),
    (32, icns::IconType::RGB24_32x32),
    (32, icns::IconType::RGBA32_16x16_2x),
    (64, icns::IconType::RGBA32_32x32_2x),
    (128, icns::IconType::RGBA32_128x128),
    (256, icns::IconType::RGBA32_128x128_2x),
    (256, icns::IconType::RGBA32_256x256),
    (512, icns::IconType::RGBA32_256x256_2x),
    (512, icns::IconType::RGBA32_512x512),
    (1024, icns::IconType::RGBA32_512x512_2x),
];

/// The folder of drawing and icons.
pub(crate) fn folder() -> PathBuf {
    repository().join("assets/icons")
}

/// The picture of this size.
pub(crate) fn picture(side: u32) -> PathBuf {
    folder().join(format!("recto-{side}.png"))
}

/// Renders all of them.
///
/// # Errors
/// When the renderer is missing, or a file cannot be written.
pub(crate) fn draw() -> Result<()> {
    machine::need_tools(&[("rsvg-convert", "librsvg2-bin")])?;
    let drawing = folder().join("recto.svg");
    for side in SIZES {
        let size = side.to_string();
        let mut render = Command::new("rsvg-convert");
        run(render.args(["--width", &size, "--height", &size]).arg(&drawing).arg("--output").arg(picture(*side)))?;
    }
    write_windows(&folder().join("recto.ico"))?;
    write_macos(&folder().join("recto.icns"))?;
    let digest = digest_of_drawing()?;
    fs::write(folder().join("drawn-from.txt"), format!("{digest}\n")).context("cannot write drawn-from.txt")?;
    say::line(format_args!("the icons are in {}", folder().display()));
    Ok(())
}

fn write_windows(path: &Path) -> Result<()> {
    let mut icon = ico::IconDir::new(ico::ResourceType::Icon);
    for side in SIZES_OF_WINDOWS {
        let image = ico::IconImage::read_png(open(&picture(*side))?).context("a picture is not a PNG")?;
        icon.add_entry(ico::IconDirEntry::encode(&image).context("a picture does not fit into an icon")?);
    }
    icon.write(create(path)?).with_context(|| format!("cannot write {}", path.display()))
}

fn write_macos(path: &Path) -> Result<()> {
    let mut family = icns::IconFamily::new();
    for (side, kind) in SIZES_OF_MACOS {
        let image = icns::Image::read_png(open(&picture(*side))?).context("a picture is not a PNG")?;
        family.add_icon_with_type(&image, *kind).context("a picture does not fit into an icon")?;
    }
    family.write(create(path)?).with_context(|| format!("cannot write {}", path.display()))
}

fn digest_of_drawing() -> Result<String> {
    Ok(hex_sha256(&fs::read(folder().join("recto.svg")).context("cannot read recto.svg")?))
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).with_context(|| format!("cannot open {}", path.display()))
}

fn create(path: &Path) -> Result<File> {
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
