//! Questions with their answers, a JSON object on each line.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use crate::cli::failure::Failure;

/// A question on a passage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    /// Where it comes from; figures are told by source.
    pub source: String,
    /// The passage.
    pub context: String,
    /// The question.
    pub question: String,
    /// The answer; empty where the passage does not hold it.
    pub answer: String,
    /// Where in the file it stands.
    #[serde(skip)]
    pub line: usize,
}

/// The rows of a file, packed by gzip or not; of each source `most` at most, the first ones.
///
/// # Errors
/// Fails where the file cannot be read, and at the first line that is no row.
pub(super) fn read(path: &Path, most: Option<usize>) -> Result<Vec<Row>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(
            format!("the questions cannot be read: {error}: {}", path.display()),
            Some("name a .jsonl file, or one packed as .jsonl.gz".into()),
        )
    };
    let file = engine::regular_file::open(path).map_err(cannot)?;
    let is_packed = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> =
        if is_packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut rows: Vec<Row> = Vec::new();
    for (at, line) in (1..).zip(BufReader::new(bytes).lines()) {
        let line = line.map_err(cannot)?;
        if line.trim().is_empty() {
            continue;
        }
        let no_question = |why: &str| {
            Failure::new(
                format!("line {at} is no question: {why}: {}", path.display()),
                Some("each line is {\"source\", \"context\", \"question\", \"answer\"}, all of them strings".into()),
            )
        };
        // Some editors put a mark of the encoding before the first line.
        let row: Row = serde_json::from_str(line.trim_start_matches('\u{feff}'))
            .map_err(|error| no_question(error.to_string().split(" at line ").next().unwrap_or_default()))?;
        let blank = [("context", &row.context), ("question", &row.question)]
            .into_iter()
            .find(|(_, text)| text.trim().is_empty());
        if let Some((field, _)) = blank {
            return Err(no_question(&format!("its {field} is empty")));
        }
        let row = Row { line: at, ..row };
        if most.is_none_or(|most| rows.iter().filter(|other| other.source == row.source).count() < most) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        let message = format!("there are no questions in it: {}", path.display());
        return Err(Failure::new(message, Some("name a file with one JSON object on each line".into())));
    }
    Ok(rows)
}
