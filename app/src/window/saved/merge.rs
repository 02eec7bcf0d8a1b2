//! Joins the sessions of two windows that save to the same file.
//!
//! Each window knows what it saved last. What it has added or removed since then is done to the file; everything else there
//! is another window's, and stays.

use std::cmp::Reverse;

use crate::window::saved::session::{KeptReport, SavedSession};

/// The session to write: `ours`, joined with what other windows changed in the file (`stored`) since this window read or
/// wrote it (`before`). `None` where one of them cannot be written again.
pub(crate) fn merge(stored: &[u8], before: Option<&[u8]>, ours: &[u8]) -> Option<Vec<u8>> {
    let read = |bytes| SavedSession::from_bytes(Some(bytes));
    let (stored, before, mut ours) = (read(stored), before.map(read).unwrap_or_default(), read(ours));
    let is_same = |one: &KeptReport, other: &KeptReport| other.opened_secs <= one.opened_secs;
    let mut reports: Vec<KeptReport> = Vec::new();
    for report in ours.reports() {
        match (stored.report(&report.hash), before.report(&report.hash)) {
            // Another window opened it later.
            (Some(theirs), _) if theirs.opened_secs > report.opened_secs => reports.push(theirs.clone()),
            // Another window removed it, and it was not opened here since.
            (None, Some(known)) if is_same(known, report) && !ours.open.contains(&report.hash) => {}
            _ => reports.push(report.clone()),
        }
    }
    for theirs in stored.reports().filter(|theirs| ours.report(&theirs.hash).is_none()) {
        // What this window had and has no more was removed here, unless another window opened it since.
        if before.report(&theirs.hash).is_none_or(|known| !is_same(known, theirs)) {
            reports.push(theirs.clone());
        }
    }
    reports.sort_by_key(|report| Reverse(report.opened_secs));
    let opened_elsewhere = stored.open.iter().filter(|hash| !ours.open.contains(hash) && !before.open.contains(hash));
    let opened_elsewhere: Vec<String> = opened_elsewhere.cloned().collect();
    ours.open.extend(opened_elsewhere);
    for tab in &stored.unvisited {
        let is_known = |session: &SavedSession| session.unvisited.iter().any(|other| other.path == tab.path);
        let was_visited = reports.iter().any(|report| report.path == tab.path);
        if !is_known(&ours) && !is_known(&before) && !was_visited {
            ours.unvisited.push(tab.clone());
        }
    }
    ours.replace_reports(reports);
    ours.to_bytes().ok()
}
