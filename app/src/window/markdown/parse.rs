//! Parses Markdown into blocks of styled text. Every input parses: what is not Markdown is plain text.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::window::markdown::blocks::{Alignment, Block, Span, Style};

/// Deepest nesting of blocks; what is nested deeper is drawn at this depth.
const DEEPEST: usize = 8;

/// Parses a text. HTML is plain text, and images are replaced by their description.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let mut builder = Builder { open: vec![Open::new(Kind::Quote)], ..Builder::default() };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        builder.take(event);
    }
    while builder.open.len() > 1 {
        builder.close();
    }
    builder.open.pop().map(|root| root.blocks).unwrap_or_default()
}

/// Parser state.
#[derive(Debug)]
struct Open {
    kind: Kind,
    blocks: Vec<Block>,
    spans: Vec<Span>,
    rows: Vec<Vec<Vec<Span>>>,
    items: Vec<Vec<Block>>,
}

#[derive(Debug)]
enum Kind {
    Text,
    Heading(u8),
    Code,
    Quote,
    List(Option<u64>),
    Item,
    Table(Vec<Alignment>),
    Cell,
}

impl Open {
    fn new(kind: Kind) -> Self {
        Self { kind, blocks: Vec::new(), spans: Vec::new(), rows: Vec::new(), items: Vec::new() }
    }
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    style: Style,
    links: Vec<String>,
    /// Number of containers skipped for exceeding the maximum depth.
    skipped: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text, self.style),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text, Style { code: true, ..self.style });
            }
            Event::SoftBreak => self.text(" ", self.style),
            Event::HardBreak => self.text("\n", self.style),
            Event::Rule => self.put(Block::Rule),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let kind = match tag {
            Tag::Paragraph | Tag::HtmlBlock => Kind::Text,
            Tag::Heading { level, .. } => Kind::Heading(level_of(level)),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => Kind::Code,
            Tag::BlockQuote(_) => Kind::Quote,
            Tag::List(start) => Kind::List(start),
            Tag::Item => Kind::Item,
            Tag::Table(columns) => Kind::Table(columns),
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = self.open.last_mut() {
                    table.rows.push(Vec::new());
                }
                return;
            }
            Tag::TableCell => Kind::Cell,
            Tag::Strong => return self.style.strong = true,
            Tag::Emphasis => return self.style.slanted = true,
            Tag::Strikethrough => return self.style.struck = true,
            Tag::Link { dest_url, .. } => return self.links.push(dest_url.into_string()),
            _ => return,
        };
        let is_container = matches!(kind, Kind::Quote | Kind::List(_) | Kind::Item);
        if is_container && self.open.len() > 2 * DEEPEST {
            self.skipped += 1;
            return;
        }
        self.open.push(Open::new(kind));
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.style.strong = false,
            TagEnd::Emphasis => self.style.slanted = false,
            TagEnd::Strikethrough => self.style.struck = false,
            TagEnd::Link => {
                self.links.pop();
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item if self.skipped > 0 => self.skipped -= 1,
            TagEnd::Paragraph
            | TagEnd::HtmlBlock
            | TagEnd::Heading(_)
            | TagEnd::CodeBlock
            | TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::Table
            | TagEnd::TableCell => self.close(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, style: Style) {
        let link = self.links.last().cloned();
        let Some(open) = self.open.last_mut() else { return };
        match open.spans.last_mut().filter(|last| last.style == style && last.link == link) {
            Some(last) => last.text.push_str(text),
            None => open.spans.push(Span { text: text.to_owned(), style, link, mark: None }),
        }
    }

    fn put(&mut self, block: Block) {
        if let Some(open) = self.open.last_mut() {
            flush(open);
            open.blocks.push(block);
        }
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let Some(mut closed) = self.open.pop() else { return };
        let block = match closed.kind {
            Kind::Text if closed.spans.is_empty() => return,
            Kind::Text => Block::Paragraph(closed.spans),
            Kind::Heading(level) => Block::Heading(level, closed.spans),
            Kind::Code => {
                let code: String = closed.spans.iter().map(|span| span.text.as_str()).collect();
                Block::Code(code.trim_end_matches('\n').to_owned())
            }
            Kind::Quote => {
                flush(&mut closed);
                Block::Quote(closed.blocks)
            }
            Kind::List(start) => Block::List { start, items: closed.items },
            Kind::Item => {
                flush(&mut closed);
                if let Some(list) = self.open.last_mut() {
                    list.items.push(closed.blocks);
                }
                return;
            }
            Kind::Table(columns) => Block::Table { columns, rows: closed.rows },
            Kind::Cell => {
                if let Some(row) = self.open.last_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(closed.spans);
                }
                return;
            }
        };
        self.put(block);
    }
}

/// Wraps loose text in a list item in a paragraph.
fn flush(open: &mut Open) {
    if !open.spans.is_empty() {
        open.blocks.push(Block::Paragraph(std::mem::take(&mut open.spans)));
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short form: `p(...)`, `h1(...)`, `*strong*`, `/slanted/`, `` `code` ``.
    fn short(blocks: &[Block]) -> String {
        let spans = |spans: &[Span]| {
            spans
                .iter()
                .map(|span| match (span.style, &span.link) {
                    (_, Some(link)) => format!("[{}]({link})", span.text),
                    (Style { strong: true, .. }, _) => format!("*{}*", span.text),
                    (Style { slanted: true, .. }, _) => format!("/{}/", span.text),
                    (Style { code: true, .. }, _) => format!("`{}`", span.text),
                    _ => span.text.clone(),
                })
                .collect::<String>()
        };
        let one = |block: &Block| match block {
            Block::Paragraph(text) => format!("p({})", spans(text)),
            Block::Heading(level, text) => format!("h{level}({})", spans(text)),
            Block::Code(code) => format!("code({code})"),
            Block::Quote(blocks) => format!("quote({})", short(blocks)),
            Block::List { start, items } => {
                let items: Vec<_> = items.iter().map(|item| short(item)).collect();
                format!("list{}({})", start.map(|start| start.to_string()).unwrap_or_default(), items.join("; "))
            }
            Block::Table { rows, .. } => {
                let rows: Vec<_> =
                    rows.iter().map(|row| row.iter().map(|cell| spans(cell)).collect::<Vec<_>>().join("|")).collect();
                format!("table({})", rows.join(" / "))
            }
            Block::Rule => "rule".to_owned(),
        };
        blocks.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_models_write_is_understood() {
        for (text, expected) in [
            ("", ""),
            ("By 0.2 percent.", "p(By 0.2 percent.)"),
            ("One\ntwo\n\nthree", "p(One two) p(three)"),
            ("**Net** receipts *fell* by `4.2`", "p(*Net* receipts /fell/ by `4.2`)"),
            ("# A\n## B\ntext", "h1(A) h2(B) p(text)"),
            ("- a\n- b\n  - c", "list(p(a); p(b) list(p(c)))"),
            ("3. a\n4. b", "list3(p(a); p(b))"),
            ("| Year | Net |\n|--|-:|\n| 2024 | 3.1 |", "table(Year|Net / 2024|3.1)"),
            ("> quoted", "quote(p(quoted))"),
            ("```\na  b\n```", "code(a  b)"),
            ("see [this](https://example.org)", "p(see [this](https://example.org))"),
            ("a <script>alert(1)</script> b", "p(a <script>alert(1)</script> b)"),
            ("![a chart](http://far/away.png)", "p(a chart)"),
            // Incomplete input.
            ("**Net rec", "p(**Net rec)"),
            ("| Year | N", "p(| Year | N)"),
            ("```\nhalf", "code(half)"),
        ] {
            assert_eq!(short(&parse(text)), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[-#>*`|0-9a-c\\[\\]() \n!<_~]{0,120}") {
            parse(&text);
        }
    }

    #[test]
    fn depth_has_an_end() {
        let depth = parse(&">".repeat(20_000)).len();
        assert!(depth <= 1);
        parse(&"- ".repeat(5_000));
    }
}
