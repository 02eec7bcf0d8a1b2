//! Chooses the passages that a model without an encoder is shown for a question.
//!
//! Pages are split into blocks of neighbouring lines; table rows come with the table's header and caption. BM25 ranks the
//! blocks by their own terms, by those of the heading above them, and by how well the whole page matches. The best blocks
//! are taken until the budget is spent, further blocks of the same page at a discount.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::page::{Document, Line, LineRole, Page};

use super::error::PromptError;
use super::page_text::{document_marker, is_shown, page_marker, write_lines};
use super::ranking::{joined_terms, language_of, query, scores};
use super::terms::{is_number, terms};
use super::tokenizer::Tokenizer;
use super::traced::{Source, TracedText};
use crate::text::Language;

/// Tokens of passages that a model without an encoder is shown for a question. Of 24 questions on the sample report, the
/// starter with its adapter answered 15 correctly with 1,200 and 20 with 700: more similar lines hide the one that matters.
pub const PASSAGE_TOKENS: usize = 700;

/// Most lines of a block; longer paragraphs and tables are split.
const BLOCK_LINES: usize = 8;
/// A block with fewer lines is merged with the next.
const LEAST_BLOCK_LINES: usize = 4;
/// Rows at the start of a table that may be its header.
const HEAD_ROWS: usize = 2;
/// Weight of the page's score in a block's.
const PAGE_WEIGHT: f32 = 0.6;
/// Discount for a further block of a page already chosen.
const SAME_PAGE: f32 = 0.8;
/// Bytes per token of room beyond which a text certainly does not fit and is not tokenised at all.
const MOST_BYTES_OF_A_TOKEN: usize = 32;
/// Neighbouring lines chosen for a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Index of the document, from 0.
    pub document: u32,
    /// Number of the page, from 1.
    pub page: u32,
    /// Lines in reading order, as indices into the page's lines; heading and table header come first.
    pub lines: Vec<u32>,
    /// How well it matches; only comparable within one question.
    pub score: f32,
    /// Page marker and lines as the model sees them.
    pub text: String,
    /// Number of tokens of the text.
    pub tokens: usize,
}

/// Lines that belong together, not yet ranked.
struct Block<'a> {
    document: u32,
    language: Language,
    page: &'a Page,
    page_index: usize,
    /// Heading, caption or header rows that explain the lines.
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

/// Chooses passages that match a question, best first, of at most `budget_tokens` in total. Deterministic; a question that
/// shares no term with the documents gets none.
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

/// The beginning of the documents, of at most `budget_tokens`: for a question none of whose words occur.
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
        let language = language_of(document);
        for (at, page) in document.pages.iter().enumerate() {
            for block in page_blocks((index, language), page, at) {
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

/// All pages of short documents, in order; `None` if they take more than `budget_tokens`.
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
            // No usual vocabulary has tokens that long, so most of a long report is never tokenised.
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

/// A place in the documents that matches a question.
pub(super) struct FittingPlace {
    /// Index of the document, from 0.
    pub(super) document: u32,
    /// Number of the page, from 1.
    pub(super) page: u32,
    /// Indices into the page's lines.
    pub(super) lines: Vec<u32>,
    /// How well it matches; only comparable within one question.
    pub(super) score: f32,
}

/// All places that share a term with a question, in document order.
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

/// All blocks, and how well each matches a question: 0 if they share no term.
fn scored_blocks<'a>(documents: &[&'a Document], question: &str) -> (Vec<Block<'a>>, Vec<f32>) {
    let languages: Vec<Language> = documents.iter().map(|document| language_of(document)).collect();
    let pages: Vec<((u32, Language), &'a Page)> = (0..)
        .zip(documents)
        .zip(&languages)
        .flat_map(|((at, document), language)| document.pages.iter().map(move |page| ((at, *language), page)))
        .collect();
    let blocks: Vec<Block<'a>> =
        pages.iter().enumerate().flat_map(|(at, (document, page))| page_blocks(*document, page, at)).collect();
    let page_terms: Vec<String> =
        pages.iter().map(|((_, language), page)| joined_terms(&page_text(page), *language)).collect();
    let block_terms: Vec<String> = blocks.iter().map(|block| joined_terms(&block.text_of(), block.language)).collect();
    let query = query(question, &languages);
    let of_pages = scores(&page_terms, &query);
    let mut of_blocks = scores(&block_terms, &query);
    for (block, score) in blocks.iter().zip(&mut of_blocks).filter(|(_, score)| **score > 0.0) {
        *score += PAGE_WEIGHT * of_pages.get(block.page_index).copied().unwrap_or_default();
    }
    (blocks, of_blocks)
}

/// The best score; among equals the one earlier in the documents.
fn best_of(left: &[(usize, f32)]) -> Option<usize> {
    let better = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    left.iter().enumerate().max_by(|(_, a), (_, b)| better(a, b)).map(|(at, _)| at)
}

/// A passage as the model sees it, with the marker of its page, and of its document if there are several, ending in a
/// blank line.
pub(super) fn passage_text(documents: &[&Document], document: u32, page: &Page, lines: &[u32]) -> TracedText {
    let mut text = TracedText::default();
    write_passage(&mut text, documents, document, page, lines);
    text.extend_last("\n\n");
    text
}

/// Writes a passage with its markers, and nothing after its last line.
fn write_passage(text: &mut TracedText, documents: &[&Document], document: u32, page: &Page, lines: &[u32]) {
    let marker = Source::Marker { document, page: page.number };
    if documents.len() > 1 {
        text.push(&documents.get(document as usize).map(|of| document_marker(of)).unwrap_or_default(), marker);
    }
    text.push(&page_marker(page), marker);
    text.extend_last("\n");
    write_lines(text, document, page, lines);
}

/// Passages as one text in reading order: grouped by page, each line once, pages separated by a blank line. A document
/// with a single page needs no marker.
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

/// The page with this number, of the document with this index.
pub(super) fn page_of<'a>(documents: &[&'a Document], document: u32, number: u32) -> Option<&'a Page> {
    documents.get(document as usize)?.pages.iter().find(|page| page.number == number)
}

fn page_text(page: &Page) -> String {
    page.lines.iter().filter(|line| is_shown(line)).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Splits a page into blocks in reading order.
fn page_blocks((document, language): (u32, Language), page: &Page, page_index: usize) -> Vec<Block<'_>> {
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
        let head: Vec<u32> = if is_table { table_head(group, language) } else { Vec::new() };
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
            blocks.push(Block { document, language, page, page_index, context, lines: lines.to_vec() });
        }
    }
    if blocks.is_empty() && !heading.is_empty() {
        blocks.push(Block { document, language, page, page_index, context: Vec::new(), lines: heading });
    }
    blocks
}

/// The header rows of a table: first rows with few numbers other than years.
fn table_head(rows: &[(u32, &Line)], language: Language) -> Vec<u32> {
    let is_head = |line: &Line| {
        let terms = terms(&line.text, language);
        let numbers = terms.iter().filter(|term| is_number(term) && !is_year(term)).count();
        2 * numbers < terms.len().max(1)
    };
    rows.iter().take(HEAD_ROWS).take_while(|(_, line)| is_head(line)).map(|(index, _)| *index).collect()
}

fn is_year(term: &str) -> bool {
    term.parse::<u32>().is_ok_and(|year| (1800..2200).contains(&year))
}
