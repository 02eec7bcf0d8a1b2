//! Parsed answers, cached across frames.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::document::page::Page;

use crate::window::markdown::{Marked, Places, marked};
use crate::window::state::report::{Turn, TurnEnd};

/// The parsed answers of a conversation.
#[derive(Debug, Default)]
pub(crate) struct AnswerTexts(Vec<AnswerText>);

#[derive(Debug, Default)]
struct AnswerText {
    answer: String,
    is_done: bool,
    /// Pages whose lines were searched; they need not stay loaded.
    seen: BTreeSet<u32>,
    places: Places,
    marked: Arc<Marked>,
    /// Width and height of the turn when it was last drawn.
    size: Option<(f32, f32)>,
}

impl AnswerTexts {
    /// The answer of turn `at`, with its numbers marked once it is complete and has evidence; and the pages whose lines are
    /// still needed for that.
    pub(crate) fn marked(
        &mut self,
        at: usize,
        turn: &Turn,
        pages: &BTreeMap<u32, Arc<Page>>,
    ) -> (Arc<Marked>, Vec<u32>) {
        let text = self.text(at);
        // Numbers cannot be checked against pages of other reports.
        let is_from_here = !turn.evidence.is_empty() && turn.evidence.iter().all(|page| page.document == 0);
        let is_done = turn.end != TurnEnd::Open && is_from_here;
        let mut is_stale = text.answer != turn.answer || text.is_done != is_done;
        if is_stale {
            let places = if is_done { Places::new(&turn.answer, &turn.evidence) } else { Places::default() };
            *text =
                AnswerText { answer: turn.answer.clone(), is_done, places, size: text.size, ..AnswerText::default() };
        }
        let mut lacking = Vec::new();
        for page in turn.evidence.iter().filter(|page| is_done && page.document == 0) {
            match pages.get(&page.page) {
                _ if text.seen.contains(&page.page) => {}
                Some(lines) => {
                    text.places.note_page(lines);
                    text.seen.insert(page.page);
                    is_stale = true;
                }
                None => lacking.push(page.page),
            }
        }
        if is_stale {
            text.marked = Arc::new(marked(&turn.answer, is_done.then_some(&text.places)));
        }
        (Arc::clone(&text.marked), lacking)
    }

    /// Height of turn `at` when it was last drawn, if the width is the same.
    pub(crate) fn height(&self, at: usize, width: f32) -> Option<f32> {
        let (before, height) = self.0.get(at)?.size?;
        (before == width).then_some(height)
    }

    /// Records the size at which turn `at` was drawn.
    pub(crate) fn set_size(&mut self, at: usize, width: f32, height: f32) {
        self.text(at).size = Some((width, height));
    }

    /// Clears the cache after turns have moved.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    fn text(&mut self, at: usize) -> &mut AnswerText {
        if self.0.len() <= at {
            self.0.resize_with(at + 1, AnswerText::default);
        }
        &mut self.0[at]
    }
}
