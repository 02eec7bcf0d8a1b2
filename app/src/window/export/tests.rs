//! Exports match the screen, and text of reports and models is never interpreted as markup.

use engine::document::geometry::Rect;
use engine::document::page::FigureKind;
use proptest::prelude::*;

use crate::window::export::*;
use crate::window::markdown::{Block, Places, marked};

fn here(page: PageEvidence) -> ExportedPage {
    ExportedPage { report: None, page }
}

fn evidence(page: u32, kind: SpanKind, text: &str) -> PageEvidence {
    let boxes = vec![Rect::new(72.0, 100.0, 540.0, 112.0)];
    let span = SpanEvidence { kind, text: text.into(), boxes, share: 0.7, attention: 0.7, matches: Vec::new() };
    PageEvidence { document: 0, page, label: Some(text.into()), share: 0.7, spans: vec![span] }
}

fn turn(question: &str, answer: &str, cited: &str, note: &str) -> ExportedTurn {
    let evidence = vec![evidence(9, SpanKind::Line, cited), evidence(11, SpanKind::Figure(FigureKind::Vector), cited)];
    let places = Places::new(answer, &evidence);
    let elsewhere = PageEvidence { document: 1, ..evidence[0].clone() };
    let evidence = evidence.into_iter().map(here);
    ExportedTurn {
        question: question.into(),
        about: Some(cited.into()),
        marked: Arc::new(marked(answer, Some(&places))),
        evidence: evidence.chain([ExportedPage { report: Some(note.into()), page: elsewhere }]).collect(),
        notes: vec![note.into()],
        model: Some(note.into()),
    }
}

fn export(path: &str, name: &str, turns: &[ExportedTurn]) -> String {
    let report = ExportedReport {
        name: name.into(),
        hash: "6d16".repeat(16),
        num_pages: 82,
        written: "2026-11-25 04:12 UTC".into(),
    };
    page(Path::new(path), &report, turns)
}

fn sample(path: &str) -> String {
    let answer = "It **fell** by 0.2 percent, not 5.1:\n\n| Year | Net |\n|--|--:|\n| 2025 | 0.2 |\n\n- one\n- two";
    let cited = "Real GDP declined 0.2 percent in 2025";
    export(path, "bulletin.pdf", &[turn("How much?", answer, cited, "Stopped & kept"), turn("Why?", "", cited, "x")])
}

#[test]
fn markdown_says_what_was_on_screen() {
    let text = sample("/out/talk.MD");
    for line in [
        "# Conversation on bulletin.pdf",
        "- File: bulletin.pdf, 82 pages",
        "- Exported: 2026-11-25 04:12 UTC",
        "## 1. How much?",
        "*About Real GDP declined 0.2 percent in 2025*",
        "- Page 9 of Stopped \\& kept, printed Real GDP declined 0.2 percent in 2025 (70 %)",
        "It **fell** by 0.2 percent, not 5.1:",
        "| Year | Net |",
        "| --- | --: |",
        "| 2025 | 0.2 |",
        "- one",
        "*Not on the cited pages: 5.1*",
        "*Stopped \\& kept*",
        "- Page 9, printed Real GDP declined 0.2 percent in 2025 (70 %)",
        "  > Real GDP declined 0.2 percent in 2025",
        "  > Figure: Real GDP declined 0.2 percent in 2025",
        "## 2. Why?",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\nis not a line of\n{text}");
    }
    assert!(text.contains(&"6d16".repeat(16)));
}

#[test]
fn a_web_page_says_what_was_on_screen_and_numbers_lead_to_their_places() {
    let page = sample("/out/talk.html");
    for part in [
        "<title>Conversation on bulletin.pdf</title>",
        "<dt>Pages</dt><dd>82</dd>",
        "<h2>1. How much?</h2>",
        "<p>It <strong>fell</strong> by <a class=\"found\" href=\"#q1-p9\" title=\"Found on page 9\">0.2</a> percent, not \
         <span class=\"lost\" title=\"Not on the cited pages\">5.1</span>:</p>",
        "<th class=\"right\">Net</th>",
        "<li id=\"q1-p9\"><b>Page 9, printed Real GDP declined 0.2 percent in 2025</b>",
        "<blockquote>Figure: Real GDP declined 0.2 percent in 2025</blockquote>",
        "<p class=\"note\">Stopped &amp; kept</p>",
        "@page",
    ] {
        assert!(page.contains(part), "{part}\nis not in\n{page}");
    }
    assert_eq!(tags(&page).map(|tags| tags.is_empty()), Ok(true));
}

/// Tags that are open at the end of a page; an error where one is not ours, is not closed by its own, or a text holds one.
fn tags(page: &str) -> Result<Vec<&str>, String> {
    const OURS: &[&str] = &[
        "html",
        "head",
        "title",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "dl",
        "dt",
        "dd",
        "article",
        "div",
        "section",
        "ul",
        "ol",
        "li",
        "b",
        "span",
        "blockquote",
        "p",
        "pre",
        "hr",
        "table",
        "tr",
        "th",
        "td",
        "a",
        "code",
        "s",
        "em",
        "strong",
        "br",
        "meta",
        "style",
        "!doctype",
    ];
    const WITHOUT_END: &[&str] = &["meta", "hr", "br", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let (before, rest) = page.split_once("<style>").ok_or("no style")?;
    let (_, after) = rest.split_once("</style>").ok_or("the style does not end")?;
    for part in before.split('<').skip(1).chain(after.split('<').skip(1)) {
        let (tag, text) = part.split_once('>').ok_or_else(|| format!("{part} does not end"))?;
        if text.contains('>') {
            return Err(format!("a bare > in {text}"));
        }
        if let Some(closed) = tag.strip_prefix('/') {
            if open.pop() != Some(closed) {
                return Err(format!("{closed} was not open"));
            }
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if !OURS.contains(&name) {
            return Err(format!("{name} is none of ours"));
        }
        for attribute in attributes.split("\" ").filter(|attribute| attribute.contains('=')) {
            let (key, value) = attribute.split_once('=').unwrap_or_default();
            let is_ours = ["class", "id", "href", "title", "start", "lang", "charset", "http-equiv", "content", "name"]
                .contains(&key);
            let inside = value.trim_matches('"');
            if !is_ours
                || inside.contains(['"', '<'])
                || (key == "href" && !(inside.starts_with('#') || html::is_web(inside)))
            {
                return Err(format!("{key}={value} in {tag}"));
            }
        }
        if !WITHOUT_END.contains(&name) {
            open.push(name);
        }
    }
    Ok(open)
}

/// The words of a web page as a reader sees them.
fn seen(page: &str) -> String {
    let (_, after) = page.split_once("</style>").unwrap_or_default();
    let text: String = after.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// Texts that would like to be more than texts.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "</style>",
        "</article>",
        "<!--",
        "-->",
        "\"",
        "'",
        "&lt;",
        "&",
        ">",
        "<",
        "<b",
        "=",
        " onclick=",
        "javascript:",
        "[a](javascript:x)",
        "[a](https://e.org/\"><b>)",
        "`",
        "```",
        "~~~",
        "**",
        "*",
        "_",
        "#",
        "\n",
        "\n\n",
        "## ",
        "1. ",
        "- ",
        "> ",
        "| a | b |\n|--|--|\n",
        "---\n",
        "===\n",
        "\\",
        " ",
        "    ",
        "0.2",
        "word",
        "\u{0}",
        "\u{1b}",
        "é",
        "\u{202e}",
        "<br>",
        "|",
        "~~",
        "![a](b)",
        "&#60;",
    ]);
    prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_breaks_out_of_a_web_page(question in hostile(), answer in hostile(), cited in hostile(), name in hostile()) {
        let page = export("a.html", &name, &[turn(&question, &answer, &cited, &name)]);
        prop_assert_eq!(tags(&page), Ok(Vec::new()));
        let is_kept = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
        let question: String = question.chars().filter(is_kept).collect();
        prop_assert!(seen(&page).contains(&question), "{} in {}", question, page);
    }

    #[test]
    fn no_text_becomes_a_question_in_markdown(question in hostile(), answer in hostile(), cited in hostile()) {
        let turns = [turn(&question, &answer, &cited, &cited), turn("Why?", &answer, &cited, &question)];
        let text = export("a.md", &question, &turns);
        let blocks = marked(&text, None).blocks;
        let headings = |level| blocks.iter().filter(|block| matches!(block, Block::Heading(of, _) if *of == level)).count();
        prop_assert_eq!((headings(1), headings(2)), (1, 2), "{}", text);
    }
}
