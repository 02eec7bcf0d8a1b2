//! Reads questions with answers, one JSON object per line.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use crate::cli::failure::Failure;

/// A question on a passage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    /// The data set it comes from; scores are reported per source.
    pub source: String,
    /// The passage.
    pub context: String,
    /// The question.
    pub question: String,
    /// The answer; empty if the passage does not contain it.
    pub answer: String,
    /// Its line in the file, counted from 1.
    #[serde(skip)]
    pub line: usize,
}

/// Reads the rows of a file, gzipped or not; at most the first `most` of each source.
///
/// # Errors
/// Fails if the file cannot be read or a line is not a valid row.
pub(super) fn read(path: &Path, most: Option<usize>) -> Result<Vec<Row>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(
            format!("the questions cannot be read: {error}: {}", path.display()),
            Some("give a .jsonl or .jsonl.gz file".into()),
        )
    };
    let file = engine::regular_file::open(path).map_err(cannot)?;
    let is_gzipped = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> =
        if is_gzipped { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut rows: Vec<Row> = Vec::new();
    for (at, line) in (1..).zip(BufReader::new(bytes).lines()) {
        let line = line.map_err(cannot)?;
        if line.trim().is_empty() {
            continue;
        }
        let invalid = |why: &str| {
            Failure::new(
                format!("line {at} is not a valid question: {why}: {}", path.display()),
                Some("each line must be {\"source\", \"context\", \"question\", \"answer\"}, all strings".into()),
            )
        };
        // Some editors write a byte order mark.
        let row: Row = serde_json::from_str(line.trim_start_matches('\u{feff}'))
            .map_err(|error| invalid(error.to_string().split(" at line ").next().unwrap_or_default()))?;
        let blank = [("context", &row.context), ("question", &row.question)]
            .into_iter()
            .find(|(_, text)| text.trim().is_empty());
        if let Some((field, _)) = blank {
            return Err(invalid(&format!("{field} is empty")));
        }
        let row = Row { line: at, ..row };
        if most.is_none_or(|most| rows.iter().filter(|other| other.source == row.source).count() < most) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        let message = format!("the file has no questions: {}", path.display());
        return Err(Failure::new(message, Some("give a file with one JSON object per line".into())));
    }
    Ok(rows)
}
