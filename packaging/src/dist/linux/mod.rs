//! Packages for Linux.

mod appimage;
mod deb;
mod rpm;
mod tarball;
mod tree;

use super::format::{Format, Tool};

/// All kinds of them.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "deb",
        tools: &[Tool { program: "dpkg-deb", debian: Some("dpkg") }, Tool { program: "gzip", debian: Some("gzip") }],
        make: deb::make,
    },
    Format {
        name: "rpm",
        tools: &[Tool { program: "rpmbuild", debian: Some("rpm") }, Tool { program: "gzip", debian: Some("gzip") }],
        make: rpm::make,
    },
    Format {
        name: "tar",
        tools: &[Tool { program: "tar", debian: Some("tar") }, Tool { program: "xz", debian: Some("xz-utils") }],
        make: tarball::make,
    },
    Format {
        name: "appimage",
        tools: &[Tool { program: "appimagetool", debian: None }, Tool { program: "gzip", debian: Some("gzip") }],
        make: appimage::make,
    },
];
