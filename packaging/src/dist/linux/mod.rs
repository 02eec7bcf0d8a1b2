//! Packages for Linux.

mod tarball;

use super::format::{Format, Tool};

/// All kinds of them.
pub(crate) const FORMATS: &[Format] = &[Format {
    name: "tar",
    tools: &[Tool { program: "tar", debian: Some("tar") }, Tool { program: "xz", debian: Some("xz-utils") }],
    make: tarball::make,
}];
