//! Which screen the window shows.

use serde::{Deserialize, Serialize};

/// A screen of the window. Its name is stored in the saved session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Screen {
    /// The report in front, or the library where no report is open.
    #[default]
    Report,
    /// All reports, with a search over them.
    Library,
    /// Models and settings.
    Settings,
}
