//! Exports a conversation with questions, answers and sources.

mod date;
mod format;
mod html;
mod markdown;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use engine::protocol::{PageEvidence, SpanEvidence, SpanKind};

use crate::services::library::Export;
use crate::window::markdown::Marked;
use crate::window::pages::MOST_SPANS;
use crate::window::saved::session::KeptReport;
use crate::window::state::report::{Turn, TurnEnd};
use crate::window::state::scope::file_name;
use crate::window::tabs::Tab;
pub(crate) use format::ExportFormat;

/// The report of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ExportedReport {
    name: String,
    hash: String,
    num_pages: u32,
    /// Time of the export, in words.
    written: String,
}

/// A question with the shown answer.
#[derive(Clone, Debug, PartialEq)]
struct ExportedTurn {
    question: String,
    /// Its scope, unless it was the whole report.
    about: Option<String>,
    marked: Arc<Marked>,
    evidence: Vec<ExportedPage>,
    /// Notes on the answer, one sentence each.
    notes: Vec<String>,
    model: Option<String>,
}

/// A source page of an answer.
#[derive(Clone, Debug, PartialEq)]
struct ExportedPage {
    /// Name of its report, if it is another one.
    report: Option<String>,
    page: PageEvidence,
}

/// Exports the conversation on an open report. The extension of `path` selects the format; the default is a web page.
pub(crate) fn export(path: PathBuf, report: &KeptReport, tab: &mut Tab) -> Export {
    let report = ExportedReport {
        name: report.name.clone(),
        hash: report.hash.clone(),
        num_pages: report.pages,
        written: date::words(SystemTime::now()),
    };
    let (answers, texts) = (&mut tab.answers, &tab.view.file.texts);
    let turns = tab.state.turns.iter().enumerate();
    let turns = turns.map(|(at, turn)| ExportedTurn {
        question: turn.question.clone(),
        about: turn.scope.words(),
        marked: answers.marked(at, turn, texts).0,
        evidence: turn.evidence.iter().map(|page| exported(turn, page)).collect(),
        notes: notes(turn),
        model: turn.model.clone(),
    });
    let turns: Vec<_> = turns.collect();
    let text = page(&path, &report, &turns);
    Export { path, text }
}

/// Renders the file in the format for its name.
fn page(path: &Path, report: &ExportedReport, turns: &[ExportedTurn]) -> String {
    match ExportFormat::of_path(path) {
        Some(ExportFormat::Markdown) => markdown::page(report, turns),
        Some(ExportFormat::WebPage) | None => html::page(report, turns),
    }
}

fn exported(turn: &Turn, page: &PageEvidence) -> ExportedPage {
    ExportedPage { report: turn.scope.other(page.document).map(file_name), page: page.clone() }
}

fn notes(turn: &Turn) -> Vec<String> {
    let mut notes = Vec::new();
    match turn.end {
        TurnEnd::Open => notes.push("The answer is still being written".to_owned()),
        TurnEnd::Cancelled => notes.push("Stopped by the user".to_owned()),
        TurnEnd::Failed => {
            let why = turn.error.as_ref().map_or("unknown reason", |error| error.message.as_str());
            notes.push(format!("No answer: {why}"));
        }
        TurnEnd::Answered if turn.found_nothing() => notes.push("Not found in this report".to_owned()),
        TurnEnd::Answered => {}
    }
    if let Some(read) = &turn.from_part {
        let (done, all) = read.pages;
        notes.push(format!("Answered when {done} of {all} pages had been read"));
    }
    notes.extend(turn.warnings.iter().cloned());
    notes
}

impl ExportedTurn {
    /// A note on numbers that are not on the cited pages.
    fn lost(&self) -> Option<String> {
        let lost = &self.marked.lost;
        (!lost.is_empty()).then(|| format!("Not on the cited pages: {}", lost.join(", ")))
    }
}

/// "Page 9", "Page 9, printed iv", "Page 9 of other.pdf".
fn page_words(cited: &ExportedPage) -> String {
    let page = &cited.page;
    let printed = match &page.label {
        Some(label) if *label != page.page.to_string() => format!(", printed {label}"),
        _ => String::new(),
    };
    let report = cited.report.as_ref().map(|report| format!(" of {report}")).unwrap_or_default();
    format!("Page {}{report}{printed}", page.page)
}

/// "71 %".
fn share_words(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The strongest evidence on a page.
fn cited(cited: &ExportedPage) -> impl Iterator<Item = String> + '_ {
    cited.page.spans.iter().take(MOST_SPANS).map(span_words)
}

fn span_words(span: &SpanEvidence) -> String {
    match span.kind {
        SpanKind::Line => span.text.clone(),
        SpanKind::Figure(_) if span.text.is_empty() => "Figure without a caption".to_owned(),
        SpanKind::Figure(_) => format!("Figure: {}", span.text),
    }
}

/// Distinct names of the models that answered.
fn models(turns: &[ExportedTurn]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in turns.iter().filter_map(|turn| turn.model.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests;
