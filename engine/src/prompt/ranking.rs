//! Ranks texts by how well they match a question: BM25 over terms in the language of each document.

use std::collections::BTreeSet;

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedding};

use super::page_text::is_shown;
use super::terms::{is_number, terms, words};
use crate::document::page::Document;
use crate::text::Language;

/// How often a number in the question counts.
const NUMBER_WEIGHT: usize = 2;

/// The language of a document's text.
pub(super) fn language_of(document: &Document) -> Language {
    let lines = document.pages.iter().flat_map(|page| &page.lines).filter(|line| is_shown(line));
    Language::of(lines.flat_map(|line| words(&line.text)))
}

/// The question's terms in each of the documents' languages, numbers repeated so that they count for more.
pub(super) fn query(question: &str, languages: &[Language]) -> Vec<String> {
    let languages: BTreeSet<Language> = languages.iter().copied().collect();
    let terms: BTreeSet<String> = languages.into_iter().flat_map(|language| terms(question, language)).collect();
    terms.into_iter().flat_map(|term| vec![term.clone(); if is_number(&term) { NUMBER_WEIGHT } else { 1 }]).collect()
}

/// The terms of a text as one string that [`JoinedTerms`] splits again: each text has its own language, and BM25 takes
/// a single tokenizer for all of them.
pub(super) fn joined_terms(text: &str, language: Language) -> String {
    terms(text, language).join(" ")
}

/// Splits what [`joined_terms`] joined.
#[derive(Clone, Copy, Debug, Default)]
struct JoinedTerms;

impl bm25::Tokenizer for JoinedTerms {
    fn tokenize(&self, text: &str) -> Vec<String> {
        text.split_ascii_whitespace().map(str::to_owned).collect()
    }
}

/// BM25 of each text, given as joined terms.
pub(super) fn scores(texts: &[String], query: &[String]) -> Vec<f32> {
    let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
    let embedder: Embedder<u64, JoinedTerms> =
        EmbedderBuilder::with_tokenizer_and_fit_to_corpus(JoinedTerms, &corpus).build();
    let mut scorer: Scorer<usize, u64> = Scorer::new();
    for (at, text) in corpus.iter().enumerate() {
        scorer.upsert(&at, embedder.embed(text));
    }
    let weighted = |term: &String| embedder.embed(term).0.into_iter().next();
    let query: Embedding<u64> = Embedding(query.iter().filter_map(weighted).collect::<Vec<TokenEmbedding<u64>>>());
    (0..texts.len()).map(|at| scorer.score(&at, &query).unwrap_or_default()).collect()
}
