//! Which folders among the downloads a later attempt may resume.

use std::path::Path;
use std::time::Duration;

/// Suffix of the folder of a download in pieces.
pub(super) const PARTIAL: &str = ".partial";
/// Suffix of the folder with finished wheels of a download.
pub(super) const KEPT: &str = ".kept";
/// Downloads that were not resumed for so long are removed.
const MAX_AGE: Duration = Duration::from_hours(24 * 14);

/// Whether a folder among the downloads will not be resumed: it is of another kind, or too old.
pub(super) fn is_stale(downloads: &Path, name: &str) -> bool {
    if !name.ends_with(PARTIAL) && !name.ends_with(KEPT) {
        return true;
    }
    let changed = downloads.join(name).metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > MAX_AGE))
}
