//! Exports a conversation as portable Markdown: all text is escaped, and answers are rendered from their parsed form.

use crate::window::export::html::is_web;
use crate::window::export::{ExportedReport, ExportedTurn, cited, models, page_words, share_words};
use crate::window::markdown::{Alignment, Block, Span};

/// Renders the document.
pub(super) fn page(report: &ExportedReport, turns: &[ExportedTurn]) -> String {
    let mut lines = vec![format!("# Conversation on {}", one_line(&report.name)), String::new()];
    lines.push(format!("- File: {}, {} pages", one_line(&report.name), report.num_pages));
    lines.push(format!("- SHA-256: `{}`", report.hash));
    let models = models(turns).join(", ");
    if !models.is_empty() {
        lines.push(format!("- Answered by: {}", one_line(&models)));
    }
    lines.push(format!("- Exported: {}", report.written));
    for (at, turn) in turns.iter().enumerate() {
        lines.push(String::new());
        lines.push(format!("## {}. {}", at + 1, one_line(&turn.question)));
        if let Some(about) = &turn.about {
            lines.extend([String::new(), format!("*About {}*", one_line(about))]);
        }
        lines.extend(blocks_lines(&turn.marked.blocks));
        for note in turn.lost().iter().chain(&turn.notes) {
            lines.extend([String::new(), format!("*{}*", one_line(note).trim())]);
        }
        if !turn.evidence.is_empty() {
            lines.extend([String::new(), "**Sources**".to_owned(), String::new()]);
        }
        for evidence in &turn.evidence {
            lines.push(format!("- {} ({})", one_line(&page_words(evidence)), share_words(evidence.page.share)));
            // Separated by an empty line, or two quotations would merge.
            let quotes = cited(evidence).map(|place| vec![String::new(), format!("  > {}", one_line(&place))]);
            lines.extend(quotes.flatten());
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Blocks in order, each after an empty line.
fn blocks_lines(blocks: &[Block]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut was_list = false;
    for block in blocks {
        lines.push(String::new());
        let is_list = matches!(block, Block::List { .. });
        if is_list && was_list {
            // Otherwise the lists would merge.
            lines.extend(["<!-- -->".to_owned(), String::new()]);
        }
        was_list = is_list;
        lines.extend(block_lines(block));
    }
    lines
}

fn block_lines(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(spans) => spans_text(spans).lines().map(String::from).collect(),
        Block::Heading(level, spans) => {
            // Headings in answers are below the question headings.
            let signs = "#".repeat(usize::from(*level).clamp(1, 4) + 2);
            vec![format!("{signs} {}", spans_text(spans).replace("\\\n", " "))]
        }
        Block::Code(code) => {
            let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
            let lines = code.lines().map(String::from);
            std::iter::once(fence.clone()).chain(lines).chain([fence]).collect()
        }
        Block::Quote(blocks) => indented(blocks_lines(blocks), "> ", "> "),
        Block::List { start, items } => {
            let sign = |at: usize| start.map_or_else(|| "- ".to_owned(), |start| format!("{}. ", start + at as u64));
            let item = |(at, item): (usize, &Vec<Block>)| {
                let sign = sign(at);
                indented(blocks_lines(item), &sign, &" ".repeat(sign.len()))
            };
            items.iter().enumerate().flat_map(item).collect()
        }
        Block::Table { columns, rows } => table_lines(columns, rows),
        Block::Rule => vec!["---".to_owned()],
    }
}

/// Prefixes lines, the first with its own prefix. A leading empty line is dropped.
fn indented(lines: Vec<String>, first: &str, others: &str) -> Vec<String> {
    let from = usize::from(lines.len() > 1 && lines.first().is_some_and(String::is_empty));
    let lines = lines.into_iter().skip(from).enumerate();
    let lines = lines.map(|(at, line)| format!("{}{line}", if at == 0 { first } else { others }));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    if lines.is_empty() { vec![first.trim_end().to_owned()] } else { lines }
}

fn table_lines(columns: &[Alignment], rows: &[Vec<Vec<Span>>]) -> Vec<String> {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines: Vec<String> =
        rows.iter().map(|row| line(row.iter().map(|cell| cell_text(cell)).collect())).collect();
    let sign = |column: &Alignment| match column {
        Alignment::Right => "--:",
        Alignment::Center => ":-:",
        Alignment::Left => ":--",
        Alignment::None => "---",
    };
    if !lines.is_empty() {
        lines.insert(1, line(columns.iter().map(|column| sign(column).to_owned()).collect()));
    }
    lines
}

/// Text of a cell on one line; a bar in code would end the cell, so such code is plain text.
fn cell_text(cell: &[Span]) -> String {
    let mut cell = cell.to_vec();
    for span in &mut cell {
        span.style.code &= !span.text.contains('|');
    }
    spans_text(&cell).replace("\\\n", " ")
}

fn spans_text(spans: &[Span]) -> String {
    let mut text = String::new();
    for span in spans {
        let is_at_start = text.is_empty() || text.ends_with('\n');
        text.push_str(&span_text(span, is_at_start));
    }
    text
}

fn span_text(span: &Span, is_at_start: bool) -> String {
    // Style marks must touch the text.
    let inner = span.text.trim();
    let start = span.text.len() - span.text.trim_start().len();
    let (before, after) = (&span.text[..start], &span.text[start + inner.len()..]);
    // Indentation has a meaning in Markdown.
    let before = if is_at_start { "" } else { before };
    if inner.is_empty() {
        return before.replace('\n', "\\\n");
    }
    let mut text = if span.style.code {
        let sign = "`".repeat(longest_run(inner, '`') + 1);
        let room = if inner.starts_with('`') || inner.ends_with('`') { " " } else { "" };
        format!("{sign}{room}{}{room}{sign}", inner.replace('\n', " "))
    } else {
        escaped(inner, is_at_start)
    };
    let signs = [(span.style.struck, "~~"), (span.style.slanted, "*"), (span.style.strong, "**")];
    for (_, sign) in signs.iter().filter(|(is_on, _)| *is_on) {
        text = format!("{sign}{text}{sign}");
    }
    if let Some(link) = span.link.as_deref().filter(|link| is_web(link) && !link.contains(['<', '>', '\n', '\\'])) {
        text = format!("[{text}](<{link}>)");
    }
    format!("{}{text}{}", before.replace('\n', "\\\n"), after.replace('\n', "\\\n"))
}

/// Escapes text and joins it to one line.
fn one_line(text: &str) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "), true)
}

/// Escapes text and keeps its line breaks; `is_at_start` if it starts a line.
fn escaped(text: &str, is_at_start: bool) -> String {
    let line = |(at, line): (usize, &str)| {
        let line = line.trim_start();
        let safe = escaped_line(line);
        if at > 0 || is_at_start { safe_start(&safe) } else { safe }
    };
    text.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\\\n")
}

fn escaped_line(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    for letter in line.chars().filter(|letter| !letter.is_control() || *letter == '\t') {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#') {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

/// Escapes the start of a line that would begin a heading, a list or a rule.
fn safe_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let is_sign_before = |rest: &str, signs: &[char]| {
        rest.strip_prefix(signs).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '-']))
    };
    if line.starts_with(['=', ':']) || is_sign_before(line, &['+', '-']) {
        return format!("\\{line}");
    }
    if digits > 0 && is_sign_before(&line[digits..], &['.', ')']) {
        return format!("{}\\{}", &line[..digits], &line[digits..]);
    }
    line.to_owned()
}

fn longest_run(text: &str, sign: char) -> usize {
    text.split(|letter| letter != sign).map(str::len).max().unwrap_or(0)
}
