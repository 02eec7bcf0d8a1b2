//! The parts of documents that a model without an encoder is shown for a question.
//!
//! Pages are parted into blocks of neighbouring lines, a table's rows with the table's head and caption. BM25 ranks the
//! blocks by their own terms, by those of the heading above them, and by how well the whole page fits; the best are
//! taken until the budget is spent, further blocks of one page at a discount.

use std::collections::{BTreeMap, BTreeSet};

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedding};

use crate::document::page::{Document, Line, LineRole, Page};

use super::error::PromptError;
use super::page_text::{document_marker, is_shown, page_marker, write_lines};
use super::terms::{Terms, is_number, terms};
use super::tokenizer::Tokenizer;
use super::traced::{Source, TracedText};

/// Most lines of a block; longer paragraphs and tables are parted.
const BLOCK_LINES: usize = 8;
/// A block of fewer lines takes its follower in.
const LEAST_BLOCK_LINES: usize = 4;
/// Rows at the start of a table that may be its head.
const HEAD_ROWS: usize = 2;
/// What the page's score adds to a block's.
const PAGE_WEIGHT: f32 = 0.6;
/// What a further block of a page already chosen still counts.
const SAME_PAGE: f32 = 0.8;
/// Bytes beyond which a text is not even encoded to see whether it fits, by token of room.
const MOST_BYTES_OF_A_TOKEN: usize = 32;
/// How often a number of the question counts.
const NUMBER_WEIGHT: usize = 2;

/// Neighbouring lines chosen for a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Index of the document, from 0.
    pub document: u32,
    /// Number of the page, from 1.
    pub page: u32,
    /// Lines in reading order: indices into the page's lines, a table's head and a heading first.
    pub lines: Vec<u32>,
    /// How well it fits; only comparable within one question.
    pub score: f32,
    /// Page marker and lines as the model reads them.
    pub text: String,
    /// Tokens of the text.
    pub tokens: usize,
}

/// Lines that belong together, before they are ranked.
struct Block<'a> {
    document: u32,
    page: &'a Page,
    page_index: usize,
    /// Heading, caption or head rows that explain the lines.
    context: Vec<u32>,
    lines: Vec<u32>,
}

impl Block<'_> {
    fn all_lines(&self) -> Vec<u32> {
        self.context.iter().chain(&self.lines).copied().collect()
    }

    fn passage(&self, score: f32, text: String, tokens: usize) -> Passage {
        Passage { document: self.document, page: self.page.number, lines: self.all_lines(), score, text, tokens }
    }

    fn text_of(&self) -> String {
        let text = |index: &u32| self.page.lines.get(*index as usize).map(|line| line.text.as_str());
        self.all_lines().iter().filter_map(text).collect::<Vec<_>>().join("\n")
    }
}

/// Chooses passages that fit a question, best first, of `budget_tokens` together at most. The same input gives the same
/// passages; a question with no term in the documents gets none.
///
/// # Errors
/// [`PromptError::Encode`] from the tokenizer.
pub fn choose_passages(
    documents: &[&Document],
    question: &str,
    tokenizer: &Tokenizer,
    budget_tokens: usize,
) -> Result<Vec<Passage>, PromptError> {
    let (blocks, scores) = scored_blocks(documents, question);
    let mut left: Vec<(usize, f32)> = scores.into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
    let mut chosen: Vec<Passage> = Vec::new();
    let mut room = budget_tokens;
    while let Some(best) = best_of(&left) {
        let (at, score) = left.swap_remove(best);
        let Some(block) = blocks.get(at) else { continue };
        let text = passage_text(documents, block.document, block.page, &block.all_lines());
        let tokens = text.encode(tokenizer)?.len();
        if tokens > room {
            continue;
        }
        room -= tokens;
        for (other, score) in &mut left {
            if blocks.get(*other).is_some_and(|other| other.page_index == block.page_index) {
                *score *= SAME_PAGE;
            }
        }
        chosen.push(block.passage(score, text.text, tokens));
    }
    Ok(chosen)
}

/// The beginning of the documents, of `budget_tokens` at most: for a question whose words stand nowhere.
///
/// # Errors
/// [`PromptError::Encode`] from the tokenizer.
pub fn opening_passages(
    documents: &[&Document],
    tokenizer: &Tokenizer,
    budget_tokens: usize,
) -> Result<Vec<Passage>, PromptError> {
    let mut chosen = Vec::new();
    let mut room = budget_tokens;
    for (index, document) in (0..).zip(documents) {
        for (at, page) in document.pages.iter().enumerate() {
            for block in page_blocks(index, page, at) {
                let text = passage_text(documents, index, page, &block.all_lines());
                let tokens = text.encode(tokenizer)?.len();
                if tokens > room {
                    return Ok(chosen);
                }
                room -= tokens;
                chosen.push(block.passage(0.0, text.text, tokens));
            }
        }
    }
    Ok(chosen)
}

/// All pages of short documents, in order; `None` where they take more than `budget_tokens`.
///
/// # Errors
/// [`PromptError::Encode`] from the tokenizer.
pub fn whole_pages(
    documents: &[&Document],
    tokenizer: &Tokenizer,
    budget_tokens: usize,
) -> Result<Option<Vec<Passage>>, PromptError> {
    let mut pages = Vec::new();
    let mut room = budget_tokens;
    for (index, document) in (0..).zip(documents) {
        for page in &document.pages {
            let shown = (0..).zip(&page.lines).filter(|(_, line)| is_shown(line));
            let lines: Vec<u32> = shown.map(|(line, _)| line).collect();
            let text = passage_text(documents, index, page, &lines);
            // No token of a usual vocabulary is that long, so most of a long report is never encoded.
            if text.text.len() > room.saturating_mul(MOST_BYTES_OF_A_TOKEN) {
                return Ok(None);
            }
            let tokens = text.encode(tokenizer)?.len();
            let Some(left) = room.checked_sub(tokens) else { return Ok(None) };
            room = left;
            if !lines.is_empty() {
                pages.push(Passage { document: index, page: page.number, lines, score: 0.0, text: text.text, tokens });
            }
        }
    }
    Ok(Some(pages))
}

/// A place in documents that fits a question.
pub(super) struct FittingPlace {
    /// Index of the document, from 0.
    pub(super) document: u32,
    /// Number of the page, from 1.
    pub(super) page: u32,
    /// Indices into the page's lines.
    pub(super) lines: Vec<u32>,
    /// How well it fits; only comparable within one question.
    pub(super) score: f32,
}

/// All places that a question has a term in, in the order of the documents.
pub(super) fn fitting_places(documents: &[&Document], question: &str) -> Vec<FittingPlace> {
    let (blocks, scores) = scored_blocks(documents, question);
    let places = blocks.into_iter().zip(scores).filter(|(_, score)| *score > 0.0);
    places
        .map(|(block, score)| FittingPlace {
            document: block.document,
            page: block.page.number,
            lines: block.lines,
            score,
        })
        .collect()
}

/// All blocks, and how well each fits a question: 0 without a term of it.
fn scored_blocks<'a>(documents: &[&'a Document], question: &str) -> (Vec<Block<'a>>, Vec<f32>) {
    let pages: Vec<(u32, &'a Page)> =
        (0..).zip(documents).flat_map(|(at, document)| document.pages.iter().map(move |page| (at, page))).collect();
    let blocks: Vec<Block<'a>> =
        pages.iter().enumerate().flat_map(|(at, (document, page))| page_blocks(*document, page, at)).collect();
    let page_texts: Vec<String> = pages.iter().map(|(_, page)| page_text(page)).collect();
    let block_texts: Vec<String> = blocks.iter().map(Block::text_of).collect();
    let query = query(question);
    let of_pages = scores(&page_texts, &query);
    let mut of_blocks = scores(&block_texts, &query);
    for (block, score) in blocks.iter().zip(&mut of_blocks).filter(|(_, score)| **score > 0.0) {
        *score += PAGE_WEIGHT * of_pages.get(block.page_index).copied().unwrap_or_default();
    }
    (blocks, of_blocks)
}

/// The best score; of equals the one earlier in the documents.
fn best_of(left: &[(usize, f32)]) -> Option<usize> {
    let better = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    left.iter().enumerate().max_by(|(_, a), (_, b)| better(a, b)).map(|(at, _)| at)
}

/// A passage as the model reads it, with its page's marker, and that of its document where there are several, ending in a
/// blank line.
pub(super) fn passage_text(documents: &[&Document], document: u32, page: &Page, lines: &[u32]) -> TracedText {
    let mut text = TracedText::default();
    write_passage(&mut text, documents, document, page, lines);
    text.extend_last("\n\n");
    text
}

/// Writes a passage with its markers, and nothing behind its last line.
fn write_passage(text: &mut TracedText, documents: &[&Document], document: u32, page: &Page, lines: &[u32]) {
    let marker = Source::Marker { document, page: page.number };
    if documents.len() > 1 {
        text.push(&documents.get(document as usize).map(|of| document_marker(of)).unwrap_or_default(), marker);
    }
    text.push(&page_marker(page), marker);
    text.extend_last("\n");
    write_lines(text, document, page, lines);
}

/// Passages as one text in reading order: those of one page together, each line once, pages a blank line apart. A document
/// that is a single page needs no marker.
pub(super) fn text_in_order(documents: &[&Document], passages: &[&Passage]) -> TracedText {
    let mut pages: BTreeMap<(u32, u32), BTreeSet<u32>> = BTreeMap::new();
    for passage in passages {
        pages.entry((passage.document, passage.page)).or_default().extend(&passage.lines);
    }
    let is_one_page = matches!(documents, [document] if document.pages.len() == 1);
    let mut text = TracedText::default();
    for ((document, number), lines) in pages {
        let Some(page) = page_of(documents, document, number) else { continue };
        let lines: Vec<u32> = lines.into_iter().collect();
        text.extend_last("\n\n");
        if is_one_page {
            write_lines(&mut text, document, page, &lines);
        } else {
            write_passage(&mut text, documents, document, page, &lines);
        }
    }
    text
}

/// The page of a document by their numbers.
pub(super) fn page_of<'a>(documents: &[&'a Document], document: u32, number: u32) -> Option<&'a Page> {
    documents.get(document as usize)?.pages.iter().find(|page| page.number == number)
}

/// The question's terms, numbers repeated so that they count for more.
fn query(question: &str) -> Vec<String> {
    let mut terms = terms(question);
    terms.sort_unstable();
    terms.dedup();
    terms.into_iter().flat_map(|term| vec![term.clone(); if is_number(&term) { NUMBER_WEIGHT } else { 1 }]).collect()
}

/// BM25 of each text.
fn scores(texts: &[String], query: &[String]) -> Vec<f32> {
    let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
    let embedder: Embedder<u64, Terms> = EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Terms, &corpus).build();
    let mut scorer: Scorer<usize, u64> = Scorer::new();
    for (at, text) in corpus.iter().enumerate() {
        scorer.upsert(&at, embedder.embed(text));
    }
    let weighted = |term: &String| embedder.embed(term).0.into_iter().next();
    let query: Embedding<u64> = Embedding(query.iter().filter_map(weighted).collect::<Vec<TokenEmbedding<u64>>>());
    (0..texts.len()).map(|at| scorer.score(&at, &query).unwrap_or_default()).collect()
}

fn page_text(page: &Page) -> String {
    page.lines.iter().filter(|line| is_shown(line)).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Parts a page into blocks in reading order.
fn page_blocks(document: u32, page: &Page, page_index: usize) -> Vec<Block<'_>> {
    let shown: Vec<(u32, &Line)> = (0..).zip(&page.lines).filter(|(_, line)| is_shown(line)).collect();
    let mut blocks: Vec<Block> = Vec::new();
    let mut heading: Vec<u32> = Vec::new();
    let mut caption: Vec<u32> = Vec::new();
    for group in shown.chunk_by(|(_, a), (_, b)| a.block == b.block && a.role == b.role) {
        let Some((_, first)) = group.first() else { continue };
        let indices = || group.iter().map(|(index, _)| *index);
        match first.role {
            LineRole::Heading => {
                heading = indices().collect();
                continue;
            }
            LineRole::Caption => caption = indices().collect(),
            _ => {}
        }
        let is_table = first.role == LineRole::TableRow;
        let head: Vec<u32> = if is_table { table_head(group) } else { Vec::new() };
        let body: Vec<u32> = indices().filter(|index| !head.contains(index)).collect();
        let is_short = |block: &Block| block.lines.len() < LEAST_BLOCK_LINES && block.context == heading;
        if !is_table
            && let Some(block) = blocks.last_mut().filter(|block| is_short(block))
            && block.lines.len() + body.len() <= BLOCK_LINES
        {
            block.lines.extend(&body);
            continue;
        }
        for lines in body.chunks(BLOCK_LINES) {
            let mut context = heading.clone();
            if is_table {
                context.extend(&caption);
                context.extend(&head);
            }
            blocks.push(Block { document, page, page_index, context, lines: lines.to_vec() });
        }
    }
    if blocks.is_empty() && !heading.is_empty() {
        blocks.push(Block { document, page, page_index, context: Vec::new(), lines: heading });
    }
    blocks
}

/// The first rows of a table that hold hardly a number beside years: what its columns mean.
fn table_head(rows: &[(u32, &Line)]) -> Vec<u32> {
    let is_head = |line: &Line| {
        let terms = terms(&line.text);
        let numbers = terms.iter().filter(|term| is_number(term) && !is_year(term)).count();
        2 * numbers < terms.len().max(1)
    };
    rows.iter().take(HEAD_ROWS).take_while(|(_, line)| is_head(line)).map(|(index, _)| *index).collect()
}

fn is_year(term: &str) -> bool {
    term.parse::<u32>().is_ok_and(|year| (1800..2200).contains(&year))
}
