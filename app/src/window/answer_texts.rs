//! Answers taken apart once and not in every frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::document::page::Page;

use super::markdown::{Block, Places, mark_numbers, parse};
use super::state::{Turn, TurnEnd};

/// The answers of a conversation as they are drawn.
#[derive(Debug, Default)]
pub(crate) struct AnswerTexts(Vec<AnswerText>);

#[derive(Debug, Default)]
struct AnswerText {
    answer: String,
    is_done: bool,
    /// How many of the pages that it comes from were known.
    known: usize,
    blocks: Arc<Vec<Block>>,
}

impl AnswerTexts {
    /// The answer of turn `at`, its numbers marked once it is done and comes from somewhere.
    pub(crate) fn blocks(&mut self, at: usize, turn: &Turn, pages: &BTreeMap<u32, Arc<Page>>) -> Arc<Vec<Block>> {
        if self.0.len() <= at {
            self.0.resize_with(at + 1, AnswerText::default);
        }
        let is_done = turn.end != TurnEnd::Open && !turn.evidence.is_empty();
        let known = turn.evidence.iter().filter(|page| pages.contains_key(&page.page)).count();
        let Some(text) = self.0.get_mut(at) else { return Arc::default() };
        // Pages that were known once said what they say; that they are forgotten later changes nothing.
        let is_same = text.answer == turn.answer && text.is_done == is_done && text.known >= known;
        if !is_same {
            let mut blocks = parse(&turn.answer);
            if is_done {
                mark_numbers(&mut blocks, &Places::new(&turn.evidence, pages));
            }
            *text = AnswerText { answer: turn.answer.clone(), is_done, known, blocks: Arc::new(blocks) };
        }
        Arc::clone(&text.blocks)
    }
}
