//! Which numbers of an answer stand where it comes from, and which do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::document::geometry::Rect;
use engine::document::page::Page;
use engine::protocol::PageEvidence;

use super::numbers::{number_forms, numbers};
use super::parse::{Block, Span};

/// What became of a number of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// It stands there.
    Found(Place),
    /// It stands nowhere on the pages that the answer comes from, as far as they can be read.
    Lost,
}

/// Where a number stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub page: u32,
    /// The lines.
    pub boxes: Vec<Rect>,
}

/// Where numbers stand, by what they may be.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<String, Place>);

impl Places {
    /// Numbers in the evidence of an answer, and on those of its pages whose lines are known; the best place for each.
    pub(crate) fn new(evidence: &[PageEvidence], pages: &BTreeMap<u32, Arc<Page>>) -> Self {
        let mut places = Self::default();
        for page in evidence {
            for span in &page.spans {
                places.note(&span.text, page.page, &span.boxes);
            }
        }
        for page in evidence.iter().filter(|page| page.document == 0).filter_map(|page| pages.get(&page.page)) {
            for line in &page.lines {
                places.note(&line.text, page.number, &[line.bbox]);
            }
        }
        places
    }

    fn note(&mut self, text: &str, page: u32, boxes: &[Rect]) {
        for form in number_forms(text) {
            self.0.entry(form).or_insert_with(|| Place { page, boxes: boxes.to_vec() });
        }
    }

    fn find(&self, forms: &[String]) -> Mark {
        let found = forms.iter().find_map(|form| self.0.get(form));
        found.map_or(Mark::Lost, |place| Mark::Found(place.clone()))
    }
}

/// Marks the numbers of an answer, but for those in code.
pub(crate) fn mark_numbers(blocks: &mut [Block], places: &Places) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading(_, spans) => *spans = mark_spans(spans, places),
            Block::Quote(blocks) => mark_numbers(blocks, places),
            Block::List { items, .. } => items.iter_mut().for_each(|item| mark_numbers(item, places)),
            Block::Table { rows, .. } => {
                rows.iter_mut().flatten().for_each(|cell| *cell = mark_spans(cell, places));
            }
            Block::Code(_) | Block::Rule => {}
        }
    }
}

fn mark_spans(spans: &[Span], places: &Places) -> Vec<Span> {
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
            put(number.at.clone(), Some(places.find(&number.forms)));
            at = number.at.end;
        }
        put(at..span.text.len(), None);
    }
    marked
}

#[cfg(test)]
mod tests {
    use engine::protocol::{SpanEvidence, SpanKind};

    use super::super::parse::parse;
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
        let mut blocks = parse("They fell by **4.2** percent, not 5.1, to 1.234 million, see `7`");
        mark_numbers(&mut blocks, &Places::new(&evidence, &BTreeMap::new()));
        let Some(Block::Paragraph(spans)) = blocks.first() else { panic!("{blocks:?}") };
        let found = Mark::Found(Place { page: 9, boxes });
        let marks: Vec<_> = spans.iter().filter_map(|span| Some((span.text.as_str(), span.mark.clone()?))).collect();
        assert_eq!(marks, [("4.2", found.clone()), ("5.1", Mark::Lost), ("1.234", found)]);
        let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
        assert_eq!(whole, "They fell by 4.2 percent, not 5.1, to 1.234 million, see 7");
    }
}
