//! Packages for macOS: `Recto.app` in a disk image, and the same in a zip file.
//!
//! The application is assembled on any system, so that its layout can be inspected everywhere; images and signatures
//! need a Mac.

mod archive;
mod bundle;
pub(crate) mod certificate;
pub(crate) mod check;
mod image;
mod sign;

use super::format::{Format, Tool};

/// All kinds of them.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "app", tools: &[], make: archive::make },
    Format { name: "dmg", tools: &[Tool { program: "hdiutil", debian: None }], make: image::make },
];
