//! Counts of an attack, by format, and the files that were taken badly.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::verdict::{Ended, Verdict};

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
#[derive(Clone, Debug, Default)]
struct Row {
    files: usize,
    done: usize,
    refused: usize,
    bad: usize,
    /// Most memory of the program with its children, and the file that took it.
    peak: (u64, String),
    /// Most memory of the program itself.
    own_peak_bytes: u64,
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
    pub(super) fn count(&mut self, group: &'static str, name: &str, runs: &[&Ended]) {
        let row = self.rows.entry(group).or_default();
        row.files += 1;
        for run in runs {
            row.own_peak_bytes = row.own_peak_bytes.max(run.own_peak_bytes);
            if run.peak_bytes > row.peak.0 {
                row.peak = (run.peak_bytes, name.to_owned());
            }
        }
        let verdicts: Vec<Verdict> = runs.iter().map(|run| run.verdict()).collect();
        if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Bad(_))) {
            row.bad += 1;
        } else if verdicts.contains(&Verdict::Refused) {
            row.refused += 1;
        } else {
            row.done += 1;
        }
    }

    /// Number of files that were taken badly.
    pub(super) fn bad_files(&self) -> usize {
        self.total().bad
    }

    fn total(&self) -> Row {
        self.rows.values().fold(Row::default(), |sum, row| Row {
            files: sum.files + row.files,
            done: sum.done + row.done,
            refused: sum.refused + row.refused,
            bad: sum.bad + row.bad,
            peak: sum.peak.max(row.peak.clone()),
            own_peak_bytes: sum.own_peak_bytes.max(row.own_peak_bytes),
        })
    }

    /// The table as text; memory is that of the program itself, then with its children.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("format       files   done  refused    bad   program  with children\n");
        for (name, row) in self.rows.iter().map(|(name, row)| (*name, row.clone())).chain([("all", self.total())]) {
            let (own, (peak, by)) = (row.own_peak_bytes / 1_000_000, (row.peak.0 / 1_000_000, row.peak.1));
            let Row { files, done, refused, bad, .. } = row;
            // Writing to a string never fails.
            let _ = writeln!(
                text,
                "{name:<11} {files:>6} {done:>6}  {refused:>7} {bad:>6} {own:>6} MB  {peak:>6} MB by {by}"
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
                "own_peak_bytes": row.own_peak_bytes, "peak_bytes": row.peak.0, "peak_by": row.peak.1,
            })
        });
        let bad = self.bad.iter().map(|bad| {
            json!({ "name": bad.name, "complaint": bad.complaint, "peak_bytes": bad.peak_bytes, "command": bad.command })
        });
        json!({ "seed": self.seed, "secs": self.secs, "untried": self.untried, "formats": rows.collect::<Vec<_>>(), "bad": bad.collect::<Vec<_>>() }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::End;
    use super::*;

    #[test]
    fn files_count_by_their_worst_run() {
        let ended = |code, own_peak_bytes| Ended {
            end: End::Code(code),
            stdout: Vec::new(),
            stderr: if code == 1 { b"error: refused\n".to_vec() } else { Vec::new() },
            peak_bytes: 2 * own_peak_bytes,
            own_peak_bytes,
            left: Vec::new(),
        };
        let mut table = Table::new(1);
        table.count("pdf", "pdf-0", &[&ended(0, 7_000_000)]);
        table.count("gguf", "gguf-0", &[&ended(0, 1), &ended(1, 1)]);
        table.count("gguf", "gguf-1", &[&ended(1, 9_000_000), &ended(3, 1)]);
        let total = table.total();
        assert_eq!((total.files, total.done, total.refused, total.bad), (3, 1, 1, 1));
        assert_eq!((total.peak, total.own_peak_bytes), ((18_000_000, "gguf-1".to_owned()), 9_000_000));
        assert!(table.text().contains("9 MB      18 MB by gguf-1"), "{}", table.text());
    }
}
