//! The process that reads PDFs hangs, dies, talks nonsense or eats memory: a page is lost, the document is not.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::document::page::PageContent;
use engine::document::pages::PagesOptions;
use engine::document::{DocumentError, OpenOptions, open};

use super::pdf_bytes::{one_page, pdf, stream, text_pdf};
use super::{Files, is_failed, open_options, pages_options, read_with, within_limit};

/// A reader of PDFs that misbehaves as `manner` says; see `tests/src/faulty_pages.rs`.
fn faulty(manner: &str) -> PagesOptions {
    let mut options = pages_options();
    options.program = vec![env!("CARGO_BIN_EXE_faulty-pages").into(), manner.into()];
    options.limits.open_timeout = Duration::from_secs(5);
    options.limits.page_timeout = Duration::from_millis(300);
    options
}

fn options(pages: PagesOptions) -> OpenOptions {
    OpenOptions { pages: Some(pages), ..OpenOptions::default() }
}

#[test]
fn pages_that_make_the_reader_hang_or_die_are_failed_and_the_others_are_read() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    let read = within_limit("faults", move || read_with(&path, options(faulty("mixed")))).expect("read");
    // The faulty reader hangs at page 2, dies at page 3 and sends nonsense at page 5.
    let expected = [None, Some("longer than"), Some("unexpectedly"), None, Some("unexpectedly"), None];
    assert_eq!(read.value.pages.len(), expected.len());
    for (page, expected) in read.value.pages.iter().zip(expected) {
        match (&page.content, expected) {
            (PageContent::Blank, None) => {}
            (PageContent::Failed(why), Some(part)) => assert!(why.contains(part), "page {}: {why}", page.number),
            (content, _) => panic!("page {}: {content:?}", page.number),
        }
    }
    let warned: Vec<Option<u32>> = read.warnings.iter().map(|warning| warning.page).collect();
    assert_eq!(warned, [Some(2), Some(3), Some(5)]);
}

#[test]
fn a_reader_that_always_dies_is_given_up() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    let read = within_limit("always", move || read_with(&path, options(faulty("always-dies")))).expect("read");
    assert!(read.value.pages.iter().all(|page| is_failed(&page.content)));
    let given_up = PageContent::Failed("PDFium ended unexpectedly 5 times in a row".to_owned());
    let last = read.value.pages.last().map(|page| page.content.clone());
    assert_eq!(last, Some(given_up));
}

#[test]
fn a_reader_that_does_not_start_is_an_error_of_the_whole() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    let mut silent = faulty("silent");
    silent.limits.open_timeout = Duration::from_millis(300);
    let mut absent = faulty("silent");
    absent.program = vec!["/no/such/program".into()];
    let mut no_library = pages_options();
    no_library.pdfium = "/no/such/library".into();
    for (what, pages, expected) in [
        ("silent", silent, "took longer than"),
        ("absent", absent, "could not be started"),
        ("dies at once", faulty("dies-at-once"), "ended unexpectedly"),
        ("of another version", faulty("other-version"), "another version of Recto"),
        ("without PDFium", no_library, "cannot be loaded"),
    ] {
        let path = path.clone();
        let error = within_limit(what, move || open(&path, options(pages))).expect_err(what);
        assert!(error.to_string().contains(expected), "{what}: {error}");
    }
}

#[test]
fn a_reader_that_lies_about_the_file_is_refused() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    for manner in [
        "lies-of-pages",
        "lies-of-no-pages",
        "lies-of-sizes",
        "lies-of-labels",
        "lies-of-numbers",
        "lies-of-depth",
        "lies-of-contents",
        "lies-of-outline",
        "empty-labels",
    ] {
        let path = path.clone();
        let error = within_limit(manner, move || open(&path, options(faulty(manner)))).expect_err(manner);
        let message = error.to_string();
        let is_told = message.contains("impossible values") || message.contains("ended unexpectedly");
        assert!(is_told, "{manner}: {message}");
    }
}

#[test]
fn a_reader_that_lies_about_a_page_costs_that_page() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    for manner in ["page-of-no-size", "page-of-links", "page-of-objects"] {
        let path = path.clone();
        let read = within_limit(manner, move || read_with(&path, options(faulty(manner)))).expect("read");
        assert_eq!(read.value.pages.len(), 8);
        assert!(read.value.pages.iter().all(|page| is_failed(&page.content)), "{manner}");
    }
}

#[test]
fn the_reader_sees_no_secrets() {
    // Cargo sets variables for every test: they stand for whatever else is in a user's environment.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    let error = within_limit("environment", move || open(&path, options(faulty("environment")))).expect_err("told");
    assert!(error.to_string().contains("it sees: ") && !error.to_string().contains("CARGO_"), "{error}");
}

#[test]
fn a_hanging_page_can_be_cancelled() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    within_limit("cancel", move || {
        let mut pages = faulty("mixed");
        pages.limits.page_timeout = Duration::from_secs(3600);
        let mut document = open(&path, options(pages)).expect("opened");
        let cancel = CancelToken::default();
        let at_first_page = cancel.clone();
        let started = Instant::now();
        let mut seen = 0;
        let outcome = document.read_pages(
            &[],
            &mut |_| {
                seen += 1;
                let later = at_first_page.clone();
                let wait = move || {
                    std::thread::sleep(Duration::from_millis(200));
                    later.cancel();
                };
                std::thread::Builder::new().name("test-cancel".to_owned()).spawn(wait).expect("a thread");
            },
            &cancel,
        );
        assert!(matches!(outcome, Err(DocumentError::Cancelled(_))));
        assert_eq!(seen, 1);
        assert!(started.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn the_real_reader_ends_when_its_pipe_closes() {
    let options = pages_options();
    let mut child = Command::new(&options.program[0])
        .args(&options.program[1..])
        .arg("--pdfium")
        .arg(&options.pdfium)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut hello = [0; 4];
    child.stdout.as_mut().expect("piped").read_exact(&mut hello).expect("it says hello");
    drop(child.stdin.take());
    let status = within_limit("closing", move || child.wait()).expect("it ends");
    assert!(status.success(), "{status}");
}

#[cfg(unix)]
#[test]
fn a_page_that_wants_too_much_memory_is_failed_and_the_next_one_is_read() {
    let files = Files::new();
    // The content of the first page unpacks to 500 MB of blanks.
    let bomb = deflated_blanks(500_000_000 / 258);
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 2/Kids[4 0 R 6 0 R]>>".to_vec(),
        super::pdf_bytes::FONT.as_bytes().to_vec(),
        super::pdf_bytes::page_object("/MediaBox[0 0 612 792]", 5),
        stream("/Filter/FlateDecode", &bomb),
        super::pdf_bytes::page_object("/MediaBox[0 0 612 792]", 7),
        stream("", super::pdf_bytes::show_text(72, 720, "after the bomb").as_bytes()),
    ];
    let path = files.add("bomb.pdf", &pdf(&objects));
    let mut pages = pages_options();
    pages.limits.memory_bytes = 300 << 20;
    let read = within_limit("memory", move || read_with(&path, options(pages))).expect("read");
    assert!(is_failed(&read.value.pages[0].content), "{:?}", read.value.pages[0].content);
    assert_eq!(super::text_of(&read.value, 1).trim(), "after the bomb");
}

/// Deflated data (RFC 1950 and 1951) for a blank and `runs` times 258 more.
#[cfg(unix)]
fn deflated_blanks(runs: usize) -> Vec<u8> {
    // The last block, of fixed codes; a blank; repeats of 258 bytes from one byte back; the end.
    let (start, repeat, end) = ("11001010000", "1100010100000", "0000000");
    let bits = [start, &repeat.repeat(runs), end].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |sum, bit| sum << 1 | (bit - b'0'));
    [0x78, 0x9c].into_iter().chain(bits.as_bytes().chunks(8).map(byte)).collect()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let files = Files::new();
    let path = files.add("changing.pdf", &one_page("/MediaBox[0 0 612 792]", ""));
    within_limit("changing", move || {
        let mut pages = pages_options();
        // No time at all: the first request ends the process, and the next opens the file again.
        pages.limits.render_timeout = Duration::ZERO;
        let mut options = open_options();
        options.pages = Some(pages);
        let mut document = open(&path, options).expect("opened");
        let whole = engine::document::geometry::Rect::new(0.0, 0.0, 612.0, 792.0);
        let error = document.render(1, whole, 4000, 4000).expect_err("no time");
        assert!(matches!(error, DocumentError::TimedOut { .. }), "{error}");
        files.add("changing.pdf", &text_pdf(&["one", "two"]));
        let error = document.read_pages(&[], &mut |_| {}, &CancelToken::default()).expect_err("another file");
        assert!(matches!(error, DocumentError::Changed { .. }), "{error}");
    });
}
