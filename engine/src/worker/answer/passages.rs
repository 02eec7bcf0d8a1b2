//! Prepares answers without an encoder: the passages that best match the question are put into the prompt.

use super::prepare::{Prepared, check_pages, check_readable};
use super::write::DecoderInput;
use crate::diagnostic::Diagnostic;
use crate::document::page::Document;
use crate::model::memory::Memory;
use crate::prompt::{
    PASSAGE_TOKENS, Passage, Prompt, choose_passages, left_out, narrow, opening_passages, passages_prompt, silence,
    whole_pages,
};
use crate::protocol::{AskJob, Event, ReadSoFar};
use crate::worker::Error;
use crate::worker::event_sink::Job;
use crate::worker::load::LoadedModel;

/// Documents of at most this many tokens are shown whole.
const WHOLE_TOKENS: usize = 1200;

/// Most tokens of the whole prompt.
const PROMPT_TOKENS: usize = 2048;

/// Builds a prompt from passages and the question. `documents` are narrowed to the question's scope first.
pub(super) fn prepare(
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &mut [Document],
    ask: &AskJob,
) -> Result<Prepared, Error> {
    let has_scope = !ask.scope.is_empty();
    if has_scope {
        narrow(documents, &ask.scope, false);
        check_pages(documents)?;
    }
    let left_out = left_out(documents, &ask.reading.left_out);
    silence(documents, &left_out);
    check_readable(documents, loaded.summary.has_eyes && !ask.reading.without_figures)?;
    let read = all_pages(documents);
    let documents: Vec<&Document> = documents.iter().collect();
    let passages = select_passages(job, loaded, &documents, &ask.question, has_scope)?;
    let (template, tokenizer) = (&loaded.template, &loaded.tokenizer);
    let prompt = passages_prompt(template, tokenizer, &documents, &passages, &ask.question, PROMPT_TOKENS)?;
    let Prompt { ids, spans } = prompt;
    let sources =
        spans.iter().map(|span| (span.tokens.start as usize..span.tokens.end as usize, span.source)).collect();
    let input = DecoderInput {
        memory: Memory::empty(),
        memory_choice: None,
        prompt: ids,
        stops: loaded.tokenizer.special().line_stops(),
        sources,
        kept_tokens: 0,
    };
    Ok(Prepared { input, read, keep_memory: None })
}

/// Without an encoder, all pages count as read.
fn all_pages(documents: &[Document]) -> ReadSoFar {
    let pages = documents.iter().map(|document| document.pages.len() as u32).sum();
    ReadSoFar { pages: (pages, pages), ..ReadSoFar::default() }
}

/// The passages that the model is shown, best first.
fn select_passages(
    job: &Job<'_>,
    loaded: &LoadedModel,
    documents: &[&Document],
    question: &str,
    has_scope: bool,
) -> Result<Vec<Passage>, Error> {
    let tokenizer = &loaded.tokenizer;
    if loaded.template.keeps_order()
        && let Some(pages) = whole_pages(documents, tokenizer, WHOLE_TOKENS)?
    {
        return Ok(pages);
    }
    let mut passages = choose_passages(documents, question, tokenizer, PASSAGE_TOKENS)?;
    if has_scope {
        // A question with a scope is about all of it, so fill up with the rest while there is room.
        fill(&mut passages, opening_passages(documents, tokenizer, PASSAGE_TOKENS)?);
    } else if passages.is_empty() {
        let message = "none of the question's words occur in the document, so the model only sees its beginning";
        job.send(Event::Warning { request: job.request, diagnostic: Diagnostic::general(message) });
        passages = opening_passages(documents, tokenizer, PASSAGE_TOKENS)?;
    }
    Ok(passages)
}

/// Adds passages that are not included yet, while there is room.
fn fill(passages: &mut Vec<Passage>, more: Vec<Passage>) {
    let mut room = PASSAGE_TOKENS.saturating_sub(passages.iter().map(|passage| passage.tokens).sum());
    for passage in more {
        let is_included = |other: &Passage| {
            (other.document, other.page, &other.lines) == (passage.document, passage.page, &passage.lines)
        };
        if passage.tokens <= room && !passages.iter().any(is_included) {
            room -= passage.tokens;
            passages.push(passage);
        }
    }
}
