//! Counts of an attack, by format, and the files that were taken badly.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::verdict::Verdict;

/// A run that something is wrong with.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub(super) name: String,
    pub(super) complaint: String,
    pub(super) peak_bytes: u64,
    /// What to type to see it again.
    pub(super) command: String,
}

/// Counts of one format.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    files: usize,
    done: usize,
    refused: usize,
    bad: usize,
    peak_bytes: u64,
}

/// The result of an attack.
#[derive(Debug)]
pub(super) struct Table {
    seed: u64,
    rows: BTreeMap<&'static str, Row>,
    pub(super) bad: Vec<Bad>,
    /// Files that there was no time for.
    pub(super) untried: usize,
    pub(super) secs: f32,
}

impl Table {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, rows: BTreeMap::new(), bad: Vec::new(), untried: 0, secs: 0.0 }
    }

    /// Counts a file by its worst run: bad, else refused, else done.
    pub(super) fn count<T>(&mut self, group: &'static str, runs: &[(Verdict, u64, T)]) {
        let row = self.rows.entry(group).or_default();
        row.files += 1;
        row.peak_bytes = runs.iter().map(|(_, peak, _)| *peak).fold(row.peak_bytes, u64::max);
        if runs.iter().any(|(verdict, ..)| matches!(verdict, Verdict::Bad(_))) {
            row.bad += 1;
        } else if runs.iter().any(|(verdict, ..)| *verdict == Verdict::Refused) {
            row.refused += 1;
        } else {
            row.done += 1;
        }
    }

    fn total(&self) -> Row {
        self.rows.values().fold(Row::default(), |sum, row| Row {
            files: sum.files + row.files,
            done: sum.done + row.done,
            refused: sum.refused + row.refused,
            bad: sum.bad + row.bad,
            peak_bytes: sum.peak_bytes.max(row.peak_bytes),
        })
    }

    /// The table as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("format        files    done  refused     bad    most memory\n");
        for (name, row) in self.rows.iter().map(|(name, row)| (*name, *row)).chain([("all", self.total())]) {
            let Row { files, done, refused, bad, peak_bytes } = row;
            // Writing to a string never fails.
            let _ = writeln!(
                text,
                "{name:<12} {files:>6}  {done:>6}  {refused:>7}  {bad:>6}  {:>8} MB",
                peak_bytes / 1_000_000
            );
        }
        for Bad { name, complaint, peak_bytes, command } in &self.bad {
            let _ = writeln!(text, "{name}: {complaint} ({} MB)\n    {command}", peak_bytes / 1_000_000);
        }
        if self.untried > 0 {
            let _ = writeln!(text, "not tried, for want of time: {}", self.untried);
        }
        let _ = write!(text, "seed {}, {:.0} s", self.seed, self.secs);
        text
    }

    /// The table as one JSON object.
    pub(super) fn json(&self) -> String {
        let rows = self.rows.iter().map(|(name, row)| {
            json!({
                "format": name, "files": row.files, "done": row.done, "refused": row.refused, "bad": row.bad,
                "peak_bytes": row.peak_bytes,
            })
        });
        let bad = self.bad.iter().map(|bad| {
            json!({ "name": bad.name, "complaint": bad.complaint, "peak_bytes": bad.peak_bytes, "command": bad.command })
        });
        json!({ "seed": self.seed, "secs": self.secs, "untried": self.untried, "formats": rows.collect::<Vec<_>>(), "bad": bad.collect::<Vec<_>>() }).to_string()
    }
}
