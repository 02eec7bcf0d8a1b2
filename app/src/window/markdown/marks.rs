//! Marks the numbers of an answer: those that its evidence contains, and those that it does not.

use std::collections::{BTreeMap, BTreeSet};

use engine::document::geometry::Rect;
use engine::document::page::Page;
use engine::protocol::PageEvidence;
use engine::text::numbers::{number_forms, numbers};

use crate::window::markdown::blocks::{Block, Mark, Place, Span};
use crate::window::markdown::parse::parse;

/// A parsed answer with its numbers marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marked {
    /// The answer.
    pub blocks: Vec<Block>,
    /// Numbers that are on none of the pages it comes from, as the answer writes them, each once.
    pub lost: Vec<String>,
}

/// Places of the numbers of one answer, by their normalised forms.
#[derive(Debug, Default)]
pub(crate) struct Places {
    looked_for: BTreeSet<String>,
    found: BTreeMap<String, Place>,
}

impl Places {
    /// The best place of each number of `answer` in its evidence.
    pub(crate) fn new(answer: &str, evidence: &[PageEvidence]) -> Self {
        let mut places = Self { looked_for: number_forms(answer).collect(), found: BTreeMap::new() };
        for page in evidence.iter().filter(|page| page.document == 0) {
            for span in &page.spans {
                places.note(&span.text, page.page, &span.boxes);
            }
        }
        places
    }

    /// Searches the lines of a page for the numbers that were not found before.
    pub(crate) fn note_page(&mut self, page: &Page) {
        for line in &page.lines {
            self.note(&line.text, page.number, &[line.bbox]);
        }
    }

    fn note(&mut self, text: &str, page: u32, boxes: &[Rect]) {
        for form in number_forms(text).filter(|form| self.looked_for.contains(form)) {
            self.found.entry(form).or_insert_with(|| Place { page, boxes: boxes.to_vec() });
        }
    }

    fn find(&self, forms: &[String]) -> Mark {
        let found = forms.iter().find_map(|form| self.found.get(form));
        found.map_or(Mark::Lost, |place| Mark::Found(place.clone()))
    }
}

/// Parses an answer and marks its numbers, except in code and links; without `places` no number is marked.
pub(crate) fn marked(answer: &str, places: Option<&Places>) -> Marked {
    let mut marked = Marked { blocks: parse(answer), lost: Vec::new() };
    if let Some(places) = places {
        mark_blocks(&mut marked.blocks, places, &mut marked.lost);
    }
    marked
}

fn mark_blocks(blocks: &mut [Block], places: &Places, lost: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading(_, spans) => *spans = mark_spans(spans, places, lost),
            Block::Quote(blocks) => mark_blocks(blocks, places, lost),
            Block::List { items, .. } => items.iter_mut().for_each(|item| mark_blocks(item, places, lost)),
            Block::Table { rows, .. } => {
                rows.iter_mut().flatten().for_each(|cell| *cell = mark_spans(cell, places, lost));
            }
            Block::Code(_) | Block::Rule => {}
        }
    }
}

fn mark_spans(spans: &[Span], places: &Places, lost: &mut Vec<String>) -> Vec<Span> {
    let mut marked = Vec::new();
    for span in spans {
        if span.style.code || span.link.is_some() {
            marked.push(span.clone());
            continue;
        }
        let mut put = |range: std::ops::Range<usize>, mark| {
            if let Some(text) = span.text.get(range).filter(|text| !text.is_empty()) {
                marked.push(Span { text: text.to_owned(), mark, ..span.clone() });
            }
        };
        let mut at = 0;
        for number in numbers(&span.text) {
            put(at..number.at.start, None);
            let mark = places.find(&number.forms);
            let text = span.text.get(number.at.clone()).unwrap_or_default();
            if mark == Mark::Lost && !lost.iter().any(|lost| lost == text) {
                lost.push(text.to_owned());
            }
            put(number.at.clone(), Some(mark));
            at = number.at.end;
        }
        put(at..span.text.len(), None);
    }
    marked
}

#[cfg(test)]
mod tests {
    use engine::protocol::{SpanEvidence, SpanKind};

    use super::*;

    #[test]
    fn numbers_of_the_evidence_are_told_from_others() {
        let boxes = vec![Rect::new(72.0, 100.0, 540.0, 112.0)];
        let text = "Net receipts fell by 4.2 percent to 1,234 million";
        let span = SpanEvidence {
            kind: SpanKind::Line,
            text: text.into(),
            boxes: boxes.clone(),
            share: 1.0,
            attention: 1.0,
            matches: Vec::new(),
        };
        let evidence = [PageEvidence { document: 0, page: 9, label: None, share: 1.0, spans: vec![span] }];
        let answer = "They fell by **4.2** percent, not 5.1 or 5.1, to 1.234 million, see `7`";
        let marked = marked(answer, Some(&Places::new(answer, &evidence)));
        let Some(Block::Paragraph(spans)) = marked.blocks.first() else { panic!("{marked:?}") };
        let found = Mark::Found(Place { page: 9, boxes });
        let marks: Vec<_> = spans.iter().filter_map(|span| Some((span.text.as_str(), span.mark.clone()?))).collect();
        assert_eq!(marks, [("4.2", found.clone()), ("5.1", Mark::Lost), ("5.1", Mark::Lost), ("1.234", found)]);
        assert_eq!(marked.lost, ["5.1"]);
        let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(whole, "They fell by 4.2 percent, not 5.1 or 5.1, to 1.234 million, see 7");
    }

    #[test]
    fn an_answer_from_nowhere_has_no_marks() {
        let marked = marked("It fell by 4.2 percent", None);
        let Some(Block::Paragraph(spans)) = marked.blocks.first() else { panic!("{marked:?}") };
        assert!(spans.iter().all(|span| span.mark.is_none()) && marked.lost.is_empty());
    }
}
