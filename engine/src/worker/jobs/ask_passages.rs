//! Answering without an encoder: the passages that fit the question stand in the prompt.

use super::ask::check_readable;
use super::ask_part::check_pages;
use super::write::Prepared;
use crate::diagnostic::Diagnostic;
use crate::document::page::Document;
use crate::model::memory::Memory;
use crate::prompt::{
    PASSAGE_TOKENS, Passage, Prompt, choose_passages, left_out, narrow, opening_passages, passages_prompt, silence,
    whole_pages,
};
use crate::protocol::{AskJob, Event};
use crate::worker::Error;
use crate::worker::load::LoadedModel;
use crate::worker::outlet::Job;

/// Tokens of a document that such a model is shown whole.
const WHOLE_TOKENS: usize = 1200;

/// Tokens of such a model's whole prompt.
const PROMPT_TOKENS: usize = 2048;

/// Puts passages and question into a prompt. What the question is not about is taken out of `documents` first.
pub(super) fn prepare_passages(
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &mut [Document],
    what: &AskJob,
) -> Result<Prepared, Error> {
    let is_on_a_part = !what.scope.is_empty();
    if is_on_a_part {
        narrow(documents, &what.scope, false);
        check_pages(documents)?;
    }
    let left_out = left_out(documents, &what.reading.left_out);
    silence(documents, &left_out);
    check_readable(documents, loaded.summary.has_eyes && !what.reading.without_figures)?;
    let documents: Vec<&Document> = documents.iter().collect();
    let passages = show(job, loaded, &documents, &what.question, is_on_a_part)?;
    let (template, tokenizer) = (&loaded.template, &loaded.tokenizer);
    let prompt = passages_prompt(template, tokenizer, &documents, &passages, &what.question, PROMPT_TOKENS)?;
    let Prompt { ids, spans } = prompt;
    let sources =
        spans.iter().map(|span| (span.tokens.start as usize..span.tokens.end as usize, span.source)).collect();
    Ok(Prepared {
        memory: Memory::empty(),
        memory_choice: None,
        prompt: ids,
        stops: loaded.tokenizer.special().line_stops(),
        sources,
        kept_tokens: 0,
    })
}

/// What the model is shown, best first.
fn show(
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &[&Document],
    question: &str,
    is_on_a_part: bool,
) -> Result<Vec<Passage>, Error> {
    let tokenizer = &loaded.tokenizer;
    if loaded.template.keeps_order()
        && let Some(pages) = whole_pages(documents, tokenizer, WHOLE_TOKENS)?
    {
        return Ok(pages);
    }
    let mut passages = choose_passages(documents, question, tokenizer, PASSAGE_TOKENS)?;
    if is_on_a_part {
        // Whoever names a part means all of it, as far as there is room.
        fill(&mut passages, opening_passages(documents, tokenizer, PASSAGE_TOKENS)?);
    } else if passages.is_empty() {
        let message = "none of the question's words occur in the document; the model sees its beginning instead";
        job.tell(Event::Warning { request: job.request, diagnostic: Diagnostic::general(message) });
        passages = opening_passages(documents, tokenizer, PASSAGE_TOKENS)?;
    }
    Ok(passages)
}

/// Adds passages that are not there yet, while there is room.
fn fill(passages: &mut Vec<Passage>, more: Vec<Passage>) {
    let mut room = PASSAGE_TOKENS.saturating_sub(passages.iter().map(|passage| passage.tokens).sum());
    for passage in more {
        let is_there = |other: &Passage| {
            (other.document, other.page, &other.lines) == (passage.document, passage.page, &passage.lines)
        };
        if passage.tokens <= room && !passages.iter().any(is_there) {
            room -= passage.tokens;
            passages.push(passage);
        }
    }
}
