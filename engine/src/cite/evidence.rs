//! Turns attention per span and the text of an answer into pages with lines and figures, best first.

use std::collections::BTreeMap;

use super::terms::{Term, answer_terms};
use crate::document::page::{Document, Page};
use crate::protocol::{PageEvidence, SpanEvidence, SpanKind};
use crate::untrusted::harmless_lines;

/// What received the attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A line, by its index on the page.
    Line(u32),
    /// A figure, by its index on the page.
    Figure(u32),
}

/// A line or figure that the model saw, and the attention it received.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanMass {
    /// Index of the document.
    pub document: u32,
    /// Page, counted from 1.
    pub page: u32,
    /// Which line or figure.
    pub target: Target,
    /// Attention, in any unit.
    pub attention: f32,
}

/// A number in the answer counts as much as this many words.
const NUMBER_WEIGHT: f32 = 3.0;

/// Most lines and figures listed per page.
const SPANS_PER_PAGE: usize = 5;

/// Most pages listed.
const PAGES: usize = 5;

/// Spans with a smaller share of the evidence are noise.
const LEAST_SHARE: f32 = 0.01;

/// The pages that an answer comes from. Half of a span's share is its share of the attention; the other half is its
/// share of the answer's words and numbers, each of which is split among the lines that contain it. If no line contains
/// any, attention counts alone.
pub fn gather_evidence(documents: &[Document], spans: &[SpanMass], answer: &str) -> Vec<PageEvidence> {
    let merged = merge(spans);
    let attention: f32 = merged.values().sum();
    let terms = answer_terms(answer);
    let keys: Vec<&(u32, u32, Target)> = merged.keys().collect();
    let found: Vec<Vec<usize>> =
        keys.iter().map(|key| span_text(documents, key).map_or_else(Vec::new, |text| matches(&terms, &text))).collect();
    let worth = term_worths(&terms, &found);
    let total_worth: f32 = found.iter().flatten().map(|&term| worth[term]).sum();
    let mut pages: BTreeMap<(u32, u32), Vec<SpanEvidence>> = BTreeMap::new();
    for ((key, terms_found), mass) in keys.iter().zip(&found).zip(merged.values()) {
        let attended = if attention > 0.0 { mass / attention } else { 0.0 };
        let matched: f32 = terms_found.iter().map(|&term| worth[term]).sum();
        let share = if total_worth > 0.0 { 0.5 * attended + 0.5 * matched / total_worth } else { attended };
        let shown = terms_found.iter().map(|&term| terms[term].shown.clone()).collect();
        if let Some(span) = span_evidence(documents, key, share, attended, shown) {
            pages.entry((key.0, key.1)).or_default().push(span);
        }
    }
    let mut evidence: Vec<PageEvidence> =
        pages.into_iter().map(|(place, spans)| page_evidence(documents, place, spans)).collect();
    evidence.sort_by(|a, b| b.share.total_cmp(&a.share).then((a.document, a.page).cmp(&(b.document, b.page))));
    evidence.truncate(PAGES);
    evidence
}

/// One entry per line or figure, however often it was shown.
fn merge(spans: &[SpanMass]) -> BTreeMap<(u32, u32, Target), f32> {
    let mut merged = BTreeMap::new();
    for span in spans {
        *merged.entry((span.document, span.page, span.target)).or_default() += span.attention;
    }
    merged
}

/// Indices of the terms that a text contains.
fn matches(terms: &[Term], text: &str) -> Vec<usize> {
    let held = answer_terms(text);
    let holds = |term: &Term| held.iter().any(|other| other.key == term.key);
    terms.iter().enumerate().filter(|(_, term)| holds(term)).map(|(index, _)| index).collect()
}

/// The weight of each term for one of the spans that contain it.
fn term_worths(terms: &[Term], found: &[Vec<usize>]) -> Vec<f32> {
    let mut holders = vec![0usize; terms.len()];
    for &term in found.iter().flatten() {
        holders[term] += 1;
    }
    let weight = |term: &Term| if term.number { NUMBER_WEIGHT } else { 1.0 };
    terms.iter().zip(holders).map(|(term, holders)| weight(term) / holders.max(1) as f32).collect()
}

fn page_of(documents: &[Document], document: u32, page: u32) -> Option<&Page> {
    documents.get(document as usize)?.pages.iter().find(|candidate| candidate.number == page)
}

fn span_text(documents: &[Document], &(document, page, target): &(u32, u32, Target)) -> Option<String> {
    let page = page_of(documents, document, page)?;
    match target {
        Target::Line(line) => page.lines.get(line as usize).map(|line| line.text.clone()),
        Target::Figure(figure) => {
            let caption = page.figures.get(figure as usize)?.caption.as_ref()?;
            Some(caption.text.clone())
        }
    }
}

fn span_evidence(
    documents: &[Document],
    &(document, page, target): &(u32, u32, Target),
    share: f32,
    attention: f32,
    matches: Vec<String>,
) -> Option<SpanEvidence> {
    let page = page_of(documents, document, page)?;
    let (kind, text, bbox) = match target {
        Target::Line(line) => {
            let line = page.lines.get(line as usize)?;
            (SpanKind::Line, line.text.clone(), line.bbox)
        }
        Target::Figure(figure) => {
            let figure = page.figures.get(figure as usize)?;
            let caption = figure.caption.as_ref().map(|caption| caption.text.clone());
            (SpanKind::Figure(figure.kind), caption.unwrap_or_default(), figure.bbox)
        }
    };
    // The document keeps its text; what is shown of it cannot turn around what stands beside it.
    let text = harmless_lines(&text).into_owned();
    Some(SpanEvidence { kind, text, boxes: vec![bbox], share, attention, matches })
}

/// The best spans of a page; the page's share is that of all of them.
fn page_evidence(documents: &[Document], (document, page): (u32, u32), mut spans: Vec<SpanEvidence>) -> PageEvidence {
    let share = spans.iter().map(|span| span.share).sum();
    spans.sort_by(|a, b| b.share.total_cmp(&a.share));
    let best = spans.first().map_or(0.0, |span| span.share);
    spans.retain(|span| span.share >= LEAST_SHARE.min(best));
    spans.truncate(SPANS_PER_PAGE);
    let label = page_of(documents, document, page).and_then(|page| page.label.clone());
    PageEvidence { document, page, label, share, spans }
}
