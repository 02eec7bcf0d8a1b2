//! What the mutations start from: files of the repository and small ones built here.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::chance::find;
use crate::process::repository;

/// Files of the repository that mutations start from.
pub(super) struct Seeds {
    /// Small published PDFs.
    pub(super) pdfs: Vec<Vec<u8>>,
    /// The tests' tokenizer.
    pub(super) tokenizer: Value,
    /// Its pieces, by id.
    pub(super) pieces: Vec<String>,
    /// PNG files.
    pub(super) pngs: Vec<Vec<u8>>,
    /// JPEG files, taken out of a PDF.
    pub(super) jpegs: Vec<Vec<u8>>,
}

impl Seeds {
    /// Reads them.
    ///
    /// # Errors
    /// Names the file that is missing or not as expected.
    pub(super) fn read() -> Result<Self> {
        let fixtures = repository().join("tests/fixtures");
        let file = |name: &str| {
            let path = fixtures.join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let tokenizer: Value =
            serde_json::from_slice(&file("tokenizer/tokenizer.json")?).context("the tokenizer is not JSON")?;
        let vocabulary = tokenizer["model"]["vocab"].as_object().context("the tokenizer has no vocabulary")?;
        let mut pieces = vec![String::new(); vocabulary.len()];
        for (piece, id) in vocabulary {
            if let Some(place) = id.as_u64().and_then(|id| pieces.get_mut(id as usize)) {
                place.clone_from(piece);
            }
        }
        let jpegs = jpegs(&file("pdf/treasury_bulletin_2018_03.pdf")?);
        Ok(Self {
            pdfs: vec![file("pdf/mmlb_936c0e2c2e6c8e0c07c51bfaf7fd0a83.pdf")?],
            pngs: vec![file("model/pictures/source.png")?, file("model/pictures/resized_28.png")?],
            tokenizer,
            pieces,
            jpegs,
        })
    }
}

/// The JPEG streams of a PDF.
fn jpegs(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = find(pdf, b"\xff\xd8\xff", from) {
        let Some(end) = find(pdf, b"endstream", start) else { break };
        found.push(pdf[start..end].to_vec());
        from = end;
    }
    found
}
