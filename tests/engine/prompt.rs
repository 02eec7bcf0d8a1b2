//! Documents to token ids: windows, passages and prompts over a small tokenizer of our own.

use std::sync::OnceLock;

use engine::diagnostic::Hint;
use engine::document::geometry::Rect;
use engine::document::page::{
    Caption, Document, DocumentKind, Figure, FigureKind, Line, LineRole, Metadata, Page, PageContent,
};
use engine::prompt::{
    CONTINUATION, ExpectedIds, GgufVocabulary, PromptError, Source, Span, TextStream, Tokenizer, Window, WindowOptions,
    choose_passages, count_document, count_tokens, document_prompt, passages_prompt, plan_windows, question_suffix,
};
use proptest::prelude::*;
use recto_tests::{fixture, text_page as page};

const CONTROL_STRINGS: [&str; 8] = [
    "<eos>",
    "<bos>",
    "<pad>",
    "<unused1>",
    "[multimodal]",
    "<start_of_turn>",
    "<start_of_image>",
    "<image_soft_token>",
];
pub(crate) const OPTIONS: WindowOptions = WindowOptions { window_tokens: 4096, figures: true, image_tokens: 4 };

pub(crate) fn small() -> &'static Tokenizer {
    static TOKENIZER: OnceLock<Tokenizer> = OnceLock::new();
    TOKENIZER.get_or_init(|| Tokenizer::from_file(&fixture("tokenizer/tokenizer.json")).unwrap())
}

pub(crate) fn line(block: u32, role: LineRole, text: &str) -> Line {
    Line {
        text: text.to_owned(),
        bbox: Rect::default(),
        block,
        role,
        hyphenated: false,
        words: Vec::new(),
        cells: Vec::new(),
    }
}

/// A line of a paragraph that reaches from 0 to `right` points.
fn flowing(text: &str, right: f32) -> Line {
    Line { bbox: Rect::new(0.0, 0.0, right, 10.0), ..line(0, LineRole::Body, text) }
}

pub(crate) fn document(pages: Vec<Page>) -> Document {
    Document {
        hash: "00".to_owned(),
        name: "report.pdf".to_owned(),
        kind: DocumentKind::Pdf,
        metadata: Metadata::default(),
        outline: Vec::new(),
        page_count: pages.len() as u32,
        pages,
    }
}

pub(crate) fn body(number: u32, texts: &[&str]) -> Page {
    page(number, texts.iter().map(|text| line(0, LineRole::Body, text)).collect())
}

fn windows(documents: &[&Document], options: &WindowOptions) -> Vec<Window> {
    plan_windows(documents, small(), options).unwrap()
}

pub(crate) fn text_of(window: &Window) -> String {
    small().decode(&window.ids)
}

fn span_text(ids: &[u32], span: &Span) -> String {
    small().decode(&ids[span.tokens.start as usize..span.tokens.end as usize])
}

pub(crate) fn is_partition(ids: &[u32], spans: &[Span]) -> bool {
    let ends = spans.iter().scan(0, |at, span| {
        let fits = span.tokens.start == *at && span.tokens.end > *at;
        *at = span.tokens.end;
        Some(fits)
    });
    ends.into_iter().all(|fits| fits) && spans.last().map_or(0, |span| span.tokens.end as usize) == ids.len()
}

#[test]
fn special_ids_are_found_by_content_and_checked() {
    let special = small().special();
    assert_eq!((special.pad, special.eos, special.bos, special.unk), (0, 1, 2, 3));
    assert_eq!(special.line_breaks.len(), 5);
    let same = ExpectedIds { bos: Some(2), eos: Some(1), image: special.image, ..ExpectedIds::default() };
    small().check_against(&same).unwrap();
    let other = ExpectedIds { eos: Some(106), ..ExpectedIds::default() };
    let error = small().check_against(&other).unwrap_err();
    assert_eq!(error.to_string(), "eos_token_id is 1 in the tokenizer but 106 in the model's configuration");
    assert!(error.hint().is_some());
}

#[test]
fn a_damaged_tokenizer_is_named() {
    assert!(matches!(Tokenizer::from_json(b"{\"version\": \"1.0\""), Err(PromptError::Malformed(_))));
    assert!(matches!(Tokenizer::from_file(&fixture("tokenizer/none.json")), Err(PromptError::Unreadable(_))));
    let unequal = GgufVocabulary { tokens: vec!["<bos>".to_owned()], ..GgufVocabulary::default() };
    assert!(matches!(Tokenizer::from_gguf(&unequal), Err(PromptError::UnequalVocabulary { .. })));
}

/// What a GGUF file would hold of the small vocabulary, scores of the added tokens overwritten as converters do.
pub(crate) fn gguf_vocabulary(json: &serde_json::Value) -> GgufVocabulary {
    let mut pieces: Vec<(u64, &str)> = json["model"]["vocab"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(piece, id)| (id.as_u64().unwrap(), piece.as_str()))
        .collect();
    pieces.sort_unstable();
    let added: Vec<&str> =
        json["added_tokens"].as_array().unwrap().iter().map(|token| token["content"].as_str().unwrap()).collect();
    let mut vocabulary = GgufVocabulary::default();
    for (id, piece) in pieces {
        let control = piece.starts_with("<unused") || CONTROL_STRINGS.contains(&piece) && piece != "[multimodal]";
        let kind = match () {
            () if piece.starts_with("<0x") => 6,
            () if added.contains(&piece) => {
                if control {
                    3
                } else {
                    4
                }
            }
            () => 1,
        };
        vocabulary.tokens.push(piece.replace('\u{2581}', if kind == 4 { " " } else { "\u{2581}" }));
        vocabulary.scores.push(if kind == 1 { -(id as f32) } else { -1000.0 });
        vocabulary.token_types.push(kind);
    }
    vocabulary
}

#[test]
fn a_gguf_vocabulary_gives_the_tokenizer_it_was_made_from() {
    let json = std::fs::read(fixture("tokenizer/tokenizer.json")).unwrap();
    let published: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let rebuilt = Tokenizer::from_gguf(&gguf_vocabulary(&published)).unwrap();
    let written: serde_json::Value = serde_json::from_str(&rebuilt.to_json().unwrap()).unwrap();
    for part in ["model", "added_tokens", "normalizer", "pre_tokenizer", "decoder", "post_processor"] {
        assert_eq!(written[part], published[part], "{part}");
    }
    assert_eq!(Tokenizer::from_json(rebuilt.to_json().unwrap().as_bytes()).unwrap().special(), small().special());
}

#[test]
fn control_strings_mean_something_in_templates_only() {
    for control in CONTROL_STRINGS {
        assert!(small().is_control_id(small().encode_template(control).unwrap()[0]), "{control}");
        let encoded = small().encode_text(control).unwrap();
        assert!(encoded.ids.iter().all(|&id| !small().is_control_id(id)), "{control}");
        assert_eq!(small().decode(&encoded.ids), control);
    }
    let suppressed = small().suppressed_ids();
    assert!(!suppressed.contains(&small().special().eos) && suppressed.contains(&small().special().pad));
    assert_eq!(suppressed.len(), 14);
}

#[test]
fn markup_and_runs_of_line_breaks_stay_whole_tokens() {
    for text in ["<table>", "<b>", "\n\n\n", "  "] {
        assert_eq!(small().encode_text(text).unwrap().ids.len(), 1, "{text:?}");
    }
}

#[test]
fn lines_are_joined_as_they_read() {
    let hyphenated = Line { hyphenated: true, ..flowing("The eco-", 100.0) };
    let pages = vec![
        page(
            7,
            vec![
                line(0, LineRole::Header, "Running head"),
                hyphenated,
                flowing("nomy grew by", 95.0),
                flowing("3.1 percent.", 40.0),
                flowing("A new paragraph.", 60.0),
                line(1, LineRole::TableRow, "Year | Rate"),
                line(1, LineRole::TableRow, "2020 | 3.1"),
                line(2, LineRole::Footer, "7"),
            ],
        ),
        Page { content: PageContent::Scan, label: Some("iv".to_owned()), ..page(8, Vec::new()) },
    ];
    let document = document(pages);
    let [window] = windows(&[&document], &OPTIONS).try_into().unwrap();
    assert_eq!(
        text_of(&window),
        "[page 7]\nThe economy grew by 3.1 percent.\nA new paragraph.\n\nYear | Rate\n2020 | 3.1\n\n\
         [page 8 (iv)]\n(no text)\n\n"
    );
    let told: Vec<(Option<u32>, String)> = window.spans[2..6]
        .iter()
        .map(|span| {
            let Source::Line { document: 0, page: 7, line } = span.source else { panic!("{span:?}") };
            (Some(line), span_text(&window.ids, span))
        })
        .collect();
    assert_eq!(told[0].0, Some(1));
    assert_eq!(told[2], (Some(3), " 3.1 percent.\n".to_owned()));
    assert_eq!(told[3], (Some(4), "A new paragraph.\n\n".to_owned()));
    assert_eq!(window.pages(), [(0, 7), (0, 8)]);
}

#[test]
fn pages_apart_give_the_ids_of_the_whole_text() {
    let document = document(vec![
        body(1, &["Receipts rose.", "Outlays <eos> fell  twice\ttoo."]),
        body(2, &["naïve 🐝 日本語", "x<table>y"]),
        body(3, &[]),
    ]);
    let [window] = windows(&[&document], &OPTIONS).try_into().unwrap();
    let whole = small().encode_text(&text_of(&window)).unwrap().ids;
    assert_eq!(window.ids[1..], whole);
    assert_eq!(window.ids[0], small().special().bos);
}

#[test]
fn a_page_too_large_is_parted_at_line_ends() {
    let texts: Vec<String> = (0..90).map(|n| format!("Row {n} of the table of receipts")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let document = document(vec![body(1, &["Short."]), body(2, &texts), body(3, &["End."])]);
    let options = WindowOptions { window_tokens: 256, ..OPTIONS };
    let windows = windows(&[&document], &WindowOptions { figures: false, ..options });
    assert_eq!(text_of(&windows[0]), "[page 1]\nShort.\n\n");
    let mut rows = Vec::new();
    for window in &windows[1..] {
        assert!(window.ids.len() <= 256);
        assert!(text_of(window).starts_with("[page 2]\n"), "{}", text_of(window));
        rows.extend(text_of(window).lines().filter(|line| line.starts_with("Row")).map(str::to_owned));
    }
    assert_eq!(rows, texts);
    assert!(text_of(windows.last().unwrap()).ends_with("[page 3]\nEnd.\n\n"));
}

#[test]
fn a_figure_has_a_window_of_its_own() {
    let mut page = page(
        3,
        vec![
            line(0, LineRole::Body, "Text before."),
            line(1, LineRole::FigureText, "2010 2020"),
            line(2, LineRole::Caption, "Figure 1. Growth"),
        ],
    );
    let caption = Caption { text: "Figure 1. Growth".to_owned(), bbox: Rect::default(), lines: vec![2] };
    page.figures =
        vec![Figure { bbox: Rect::default(), kind: FigureKind::Vector, caption: Some(caption), lines: vec![1] }];
    let document = document(vec![page]);
    let [text, figure] = windows(&[&document], &OPTIONS).try_into().unwrap();
    assert!(text.images.is_empty());
    let special = small().special();
    let block = ["[page 3]", "\n\n<start_of_image>", &"<image_soft_token>".repeat(4), "<end_of_image>\n\n"].concat();
    let mut expected = vec![special.bos];
    expected.extend(small().encode_template(&(block + "Figure 1. Growth\n\n2010 2020\n\nText before.")).unwrap());
    assert_eq!(figure.ids, expected);
    assert_eq!((figure.images[0].page, figure.images[0].figure), (3, 0));
    let of_figure = figure.spans.iter().find(|span| matches!(span.source, Source::Figure { .. })).unwrap();
    assert_eq!(of_figure.tokens.len(), 4 + 4);
    let counts = count_tokens(&[text.clone(), figure.clone()]);
    assert_eq!((counts.windows, counts.images, counts.tokens()), (2, 1, text.ids.len() + figure.ids.len()));
    let counts = count_document(&document);
    assert_eq!((counts.pages, counts.lines, counts.figures, counts.tables), (1, 3, 1, 0));
}

#[test]
fn a_page_that_grows_moves_few_windows_but_its_own() {
    let text = |page: u32| -> Vec<String> {
        (0..4 + page * 7 % 5)
            .map(|row| format!("Row {} of page {page}, {} in all", row * page, page * 31 + row))
            .collect()
    };
    let pages_of = |grown: Option<u32>| {
        let pages = (1..=120).map(|number| {
            let mut lines = text(number);
            if grown == Some(number) {
                lines.push("A line that was added later, with a few more words in it than others have.".into());
            }
            body(number, &lines.iter().map(String::as_str).collect::<Vec<_>>())
        });
        windows(&[&document(pages.collect())], &WindowOptions { window_tokens: 1024, figures: false, ..OPTIONS })
    };
    let before = pages_of(None);
    assert!(before.len() >= 8, "{} windows", before.len());
    for window in &before[..before.len() - 1] {
        assert!((512..=1024).contains(&window.ids.len()), "{}", window.ids.len());
    }
    let new_windows = |grown| pages_of(Some(grown)).iter().filter(|window| !before.contains(window)).count();
    let counts: Vec<usize> = (1..=120).step_by(5).map(new_windows).collect();
    let mean = counts.iter().sum::<usize>() as f32 / counts.len() as f32;
    assert!(mean < 2.0, "windows that changed, by page: {counts:?}");
}

#[test]
fn several_documents_are_told_apart() {
    let (first, second) = (document(vec![body(1, &["One."])]), document(vec![body(1, &["Two."])]));
    let both = windows(&[&first, &second], &OPTIONS);
    let texts: Vec<String> = both.iter().map(text_of).collect();
    let name = "[document report.pdf]\n";
    assert_eq!(texts, [name, "[page 1]\nOne.\n\n", name, "[page 1]\nTwo.\n\n"]);
    assert_eq!(both[3].pages(), [(1, 1)]);
    assert_eq!(both[1], windows(&[&first], &OPTIONS)[0], "read alone or with others, it is the same");
}

#[test]
fn a_window_without_room_is_refused() {
    let options = WindowOptions { window_tokens: 10, ..OPTIONS };
    let error = plan_windows(&[&document(Vec::new())], small(), &options).unwrap_err();
    assert_eq!(error.to_string(), "a window of 10 tokens is too small, 260 are needed");
}

pub(crate) fn budget_report() -> Document {
    let filler: Vec<Line> = (0..40).map(|n| line(n / 5, LineRole::Body, "General remarks on the economy.")).collect();
    document(vec![
        page(1, filler.clone()),
        page(
            2,
            vec![
                line(0, LineRole::Heading, "Budget results"),
                line(1, LineRole::Caption, "Table 2. Receipts by source"),
                line(2, LineRole::TableRow, "Source | 2019 | 2020"),
                line(2, LineRole::TableRow, "Customs | 70.8 | 68.6"),
                line(2, LineRole::TableRow, "Estate taxes | 16.7 | 17.6"),
            ],
        ),
        page(3, filler),
    ])
}

#[test]
fn a_table_row_comes_with_its_head_and_caption() {
    let report = budget_report();
    let passages = choose_passages(&[&report], "How much were customs receipts in 2020?", small(), 300).unwrap();
    assert_eq!(passages[0].page, 2);
    for part in ["Budget results", "Table 2. Receipts by source", "Source | 2019 | 2020", "Customs | 70.8 | 68.6"] {
        assert!(passages[0].text.contains(part), "{}", passages[0].text);
    }
    assert!(choose_passages(&[&report], "Zebra?", small(), 300).unwrap().is_empty());
}

#[test]
fn a_continuation_prompt_traces_its_passages() {
    let report = budget_report();
    let question = "How much were customs <eos> receipts\nin 2020?";
    let passages = choose_passages(&[&report], question, small(), 300).unwrap();
    let prompt = passages_prompt(&CONTINUATION, small(), &[&report], &passages, question, 1200).unwrap();
    let text = small().decode(&prompt.ids);
    assert!(text.ends_with("Question: How much were customs <eos> receipts in 2020?\nAnswer:"), "{text}");
    assert_eq!(prompt.ids[0], small().special().bos);
    assert!(prompt.ids[1..].iter().all(|&id| !small().is_control_id(id)));
    assert!(is_partition(&prompt.ids, &prompt.spans));
    let row = Source::Line { document: 0, page: 2, line: 3 };
    let span = prompt.spans.iter().find(|span| span.source == row).unwrap();
    assert_eq!(span_text(&prompt.ids, span), "Customs | 70.8 | 68.6\n");
    let error = passages_prompt(&CONTINUATION, small(), &[&report], &passages, question, 20).unwrap_err();
    assert!(matches!(error, PromptError::QuestionTooLong { room: 20, .. }), "{error}");
}

#[test]
fn prompts_of_the_encoder_decoder_hold_the_question_alone() {
    let prompt = document_prompt(small(), " Why? ").unwrap();
    assert_eq!(prompt.ids[0], small().special().bos);
    assert_eq!(small().decode(&prompt.ids), "Question: Why?\nAnswer:");
    assert_eq!(small().decode(&question_suffix(small(), "Why?").unwrap().ids), "Question: Why?\nAnswer:");
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        prop::sample::select(CONTROL_STRINGS.as_slice()).prop_map(str::to_owned),
        prop::sample::select(vec!["\n", "\n\n", "  ", "\t", "<", "<table>", "日本語", "🐝"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().replace('\u{2581}', " "))
}

fn any_page() -> impl Strategy<Value = Page> {
    let role = prop::sample::select(vec![
        LineRole::Body,
        LineRole::Heading,
        LineRole::TableRow,
        LineRole::Caption,
        LineRole::FigureText,
        LineRole::Header,
    ]);
    let line = (any_text(), role, 0..4_u32, any::<bool>(), 0.0..600.0_f32).prop_map(
        |(text, role, block, hyphenated, right)| Line {
            hyphenated,
            bbox: Rect::new(0.0, 0.0, right, 10.0),
            ..line(block, role, &text)
        },
    );
    let figure = prop::collection::vec(0..12_u32, 0..3).prop_map(|lines| Figure {
        bbox: Rect::default(),
        kind: FigureKind::Vector,
        caption: Some(Caption { text: "Figure".to_owned(), bbox: Rect::default(), lines: lines.clone() }),
        lines,
    });
    (prop::collection::vec(line, 0..10), prop::collection::vec(figure, 0..2))
        .prop_map(|(lines, figures)| Page { figures, ..page(1, lines) })
}

fn any_document() -> impl Strategy<Value = Document> {
    prop::collection::vec(any_page(), 0..5).prop_map(|mut pages| {
        (1..).zip(&mut pages).for_each(|(number, page)| page.number = number);
        document(pages)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn text_never_gives_control_ids_and_comes_back(text in any_text()) {
        let encoded = small().encode_text(&text).unwrap();
        prop_assert!(encoded.ids.iter().all(|&id| !small().is_control_id(id)));
        prop_assert_eq!(small().decode(&encoded.ids), text.as_str());
        prop_assert!(encoded.offsets.windows(2).all(|pair| pair[0].start <= pair[1].start));
        let mut stream = TextStream::default();
        let streamed: String = encoded.ids.iter().map(|&id| stream.push(&small().token_bytes(id))).collect();
        prop_assert_eq!(streamed + &stream.finish(), text);
    }

    #[test]
    fn spans_part_every_window(documents in prop::collection::vec(any_document(), 1..3), window_tokens in 260_usize..400) {
        let options = WindowOptions { window_tokens, ..OPTIONS };
        let documents: Vec<&Document> = documents.iter().collect();
        for window in windows(&documents, &options) {
            prop_assert!(window.ids.len() <= window_tokens);
            prop_assert!(is_partition(&window.ids, &window.spans));
            let images = window.ids.iter().filter(|&&id| Some(id) == small().special().image).count();
            prop_assert_eq!(images, window.images.len() * options.image_tokens);
            let control = window.ids.iter().filter(|&&id| small().is_control_id(id)).count();
            prop_assert_eq!(control, 1 + window.images.len() * (2 + options.image_tokens));
        }
    }

    #[test]
    fn passages_keep_to_their_budget(document in any_document(), budget in 0_usize..300) {
        let question = "How much table 日本語 in 2020?";
        let passages = choose_passages(&[&document], question, small(), budget).unwrap();
        prop_assert!(passages.iter().map(|passage| passage.tokens).sum::<usize>() <= budget);
        prop_assert_eq!(&passages, &choose_passages(&[&document], question, small(), budget).unwrap());
        let prompt = passages_prompt(&CONTINUATION, small(), &[&document], &passages, question, budget + 1000).unwrap();
        prop_assert!(prompt.ids.len() <= budget + 1000);
        prop_assert!(is_partition(&prompt.ids, &prompt.spans));
    }
}
