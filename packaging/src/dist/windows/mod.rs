//! Packages for Windows.

use super::format::Format;

/// All kinds of them.
pub(crate) const FORMATS: &[Format] = &[];
