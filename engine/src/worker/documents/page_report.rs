//! Describes pages for the reading map.

use crate::document::page::{Document, Figure, LineRole, Page, PageContent};
use crate::prompt::Window;
use crate::protocol::{FigureReport, PageReport, PageState};

/// Describes a page; `uses_vision` if the model looks at figures.
pub(in crate::worker) fn page_report(document: u32, page: &Page, uses_vision: bool) -> PageReport {
    let mut tables: Vec<u32> =
        page.lines.iter().filter(|line| line.role == LineRole::TableRow).map(|line| line.block).collect();
    tables.dedup();
    let (state, reason) = match &page.content {
        PageContent::Text => (PageState::Read, None),
        PageContent::Blank => (PageState::Blank, None),
        PageContent::Scan if uses_vision => (PageState::Seen, None),
        PageContent::Scan => {
            (PageState::Unread, Some("it is a scan without a text layer, and only a vision model can read it".into()))
        }
        PageContent::Failed(why) => (PageState::Failed, Some(why.clone())),
    };
    PageReport {
        document,
        number: page.number,
        label: page.label.clone(),
        state,
        lines: page.lines.len() as u32,
        tables: tables.len() as u32,
        figures: page.figures.len() as u32,
        figure_list: page.figures.iter().map(figure_report).collect(),
        tokens: 0,
        reason,
    }
}

fn figure_report(figure: &Figure) -> FigureReport {
    let caption = figure.caption.as_ref().map(|caption| caption.text.clone());
    FigureReport { bbox: figure.bbox, kind: figure.kind, caption }
}

/// Describes all pages, with the number of text tokens that the windows hold of each.
pub(in crate::worker) fn page_reports(
    documents: &[Document],
    windows: &[Window],
    uses_vision: bool,
) -> Vec<PageReport> {
    let mut reports: Vec<PageReport> = (0..)
        .zip(documents)
        .flat_map(|(index, document)| document.pages.iter().map(move |page| page_report(index, page, uses_vision)))
        .collect();
    for span in windows.iter().filter(|window| window.images.is_empty()).flat_map(|window| &window.spans) {
        let Some(place) = span.source.page() else { continue };
        if let Ok(at) = reports.binary_search_by_key(&place, |report| (report.document, report.number)) {
            reports[at].tokens += span.tokens.end - span.tokens.start;
        }
    }
    reports
}
