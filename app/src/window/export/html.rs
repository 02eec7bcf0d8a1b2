//! Exports a conversation as a self-contained HTML file: no scripts, no external resources, styles for screen and print.

use std::fmt::Write as _;

use crate::window::export::{ExportedReport, ExportedTurn, cited, models, page_words, share_words};
use crate::window::markdown::{Alignment, Block, Mark, Span};

/// The style sheet.
const STYLE: &str = include_str!("../../../../assets/export/conversation.css");

/// Renders the page.
pub(super) fn page(report: &ExportedReport, turns: &[ExportedTurn]) -> String {
    let name = escaped(&report.name);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Conversation on {name}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{name}</h1>\n<dl>\n"
    );
    let mut about = vec![("Pages", report.num_pages.to_string()), ("SHA-256", report.hash.clone())];
    let models = models(turns).join(", ");
    if !models.is_empty() {
        about.push(("Answered by", models));
    }
    about.push(("Exported", report.written.clone()));
    for (what, value) in about {
        line(&mut page, format_args!("<dt>{what}</dt><dd>{}</dd>", escaped(&value)));
    }
    page.push_str("</dl>\n</header>\n");
    for (at, turn) in turns.iter().enumerate() {
        turn_html(&mut page, at + 1, turn);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn turn_html(page: &mut String, number: usize, turn: &ExportedTurn) {
    line(page, format_args!("<article>\n<h2>{number}. {}</h2>", escaped(&turn.question)));
    if let Some(about) = &turn.about {
        line(page, format_args!("<p class=\"note\">About {}</p>", escaped(about)));
    }
    page.push_str("<div class=\"answer\">\n");
    blocks_html(page, number, &turn.marked.blocks);
    page.push_str("</div>\n");
    for note in turn.lost().iter().chain(&turn.notes) {
        line(page, format_args!("<p class=\"note\">{}</p>", escaped(note)));
    }
    if !turn.evidence.is_empty() {
        page.push_str("<section>\n<h3>Sources</h3>\n<ul>\n");
        for evidence in &turn.evidence {
            let (words, share) = (escaped(&page_words(evidence)), share_words(evidence.page.share));
            let id = match &evidence.report {
                // Numbers link to pages of this report only.
                Some(_) => String::new(),
                None => format!(" id=\"{}\"", place_id(number, evidence.page.page)),
            };
            line(page, format_args!("<li{id}><b>{words}</b> <span class=\"note\">{share}</span>"));
            for place in cited(evidence) {
                line(page, format_args!("<blockquote>{}</blockquote>", escaped(&place)));
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n</section>\n");
    }
    page.push_str("</article>\n");
}

fn place_id(number: usize, page: u32) -> String {
    format!("q{number}-p{page}")
}

fn blocks_html(page: &mut String, number: usize, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) => line(page, format_args!("<p>{}</p>", spans_html(number, spans))),
            Block::Heading(level, spans) => {
                let level = (level + 3).min(6);
                line(page, format_args!("<h{level}>{}</h{level}>", spans_html(number, spans)));
            }
            Block::Code(code) => line(page, format_args!("<pre>{}</pre>", escaped(code))),
            Block::Quote(blocks) => {
                page.push_str("<blockquote>\n");
                blocks_html(page, number, blocks);
                page.push_str("</blockquote>\n");
            }
            Block::List { start, items } => list_html(page, number, (*start, items)),
            Block::Table { columns, rows } => table_html(page, number, (columns, rows)),
            Block::Rule => page.push_str("<hr>\n"),
        }
    }
}

fn list_html(page: &mut String, number: usize, (start, items): (Option<u64>, &[Vec<Block>])) {
    match start {
        Some(start) => line(page, format_args!("<ol start=\"{start}\">")),
        None => page.push_str("<ul>\n"),
    }
    for item in items {
        page.push_str("<li>\n");
        blocks_html(page, number, item);
        page.push_str("</li>\n");
    }
    page.push_str(if start.is_some() { "</ol>\n" } else { "</ul>\n" });
}

fn table_html(page: &mut String, number: usize, (columns, rows): (&[Alignment], &[Vec<Vec<Span>>])) {
    page.push_str("<table>\n");
    for (row, cells) in rows.iter().enumerate() {
        let tag = if row == 0 { "th" } else { "td" };
        page.push_str("<tr>");
        for (column, cell) in cells.iter().enumerate() {
            let class = match columns.get(column) {
                Some(Alignment::Right) => "right",
                Some(Alignment::Center) => "center",
                _ => "left",
            };
            // Writing to a string cannot fail.
            let _ = write!(page, "<{tag} class=\"{class}\">{}</{tag}>", spans_html(number, cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

fn spans_html(number: usize, spans: &[Span]) -> String {
    spans.iter().map(|span| span_html(number, span)).collect()
}

fn span_html(number: usize, span: &Span) -> String {
    let mut html = escaped(&span.text).replace('\n', "<br>");
    let wraps = [
        (span.style.code, "code"),
        (span.style.struck, "s"),
        (span.style.slanted, "em"),
        (span.style.strong, "strong"),
    ];
    for (_, tag) in wraps.iter().filter(|(is_on, _)| *is_on) {
        html = format!("<{tag}>{html}</{tag}>");
    }
    match (&span.mark, span.link.as_deref().filter(|link| is_web(link))) {
        (Some(Mark::Found(place)), _) => {
            let id = place_id(number, place.page);
            format!("<a class=\"found\" href=\"#{id}\" title=\"Found on page {}\">{html}</a>", place.page)
        }
        (Some(Mark::Lost), _) => format!("<span class=\"lost\" title=\"Not on the cited pages\">{html}</span>"),
        (None, Some(link)) => format!("<a href=\"{}\">{html}</a>", escaped(link)),
        (None, None) => html,
    }
}

/// Whether a link is an http or https address.
pub(super) fn is_web(address: &str) -> bool {
    ["http://", "https://"].iter().any(|start| address.starts_with(start))
}

fn line(page: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{words}");
}

/// Escapes text for elements and attributes; control characters are dropped.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() && !matches!(letter, '\n' | '\t') => {}
            letter => safe.push(letter),
        }
    }
    safe
}
