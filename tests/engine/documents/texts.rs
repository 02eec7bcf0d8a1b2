//! Text files that are long: read page by page, and in part where they have more pages than Recto reads.

use engine::cancel::CancelToken;
use engine::document::page::PageContent;
use engine::document::{DocumentError, open};

use super::{Files, open_file, open_options, read, read_with, text_of, within_limit};

/// Most pages of a text, as docs/reading.md states it.
const MAX_PAGES: u32 = 20_000;

#[test]
fn millions_of_pages_are_read_in_part() {
    let files = Files::new();
    let path = files.add("feeds.txt", format!("first{}last", "\x0c".repeat(3_000_000)).as_bytes());
    let read = within_limit("form feeds", move || read(&path)).expect("read");
    assert_eq!(read.value.page_count, MAX_PAGES);
    assert_eq!(text_of(&read.value, 0), "first");
    assert!(read.value.pages[1..].iter().all(|page| page.content == PageContent::Blank));
    let said: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the text has 3000001 pages, only the first 20000 are read and 2980001 are left out"]);
}

#[test]
fn every_page_of_a_long_text_can_be_read_in_any_order() {
    let files = Files::new();
    let text: String = (1..=60_000).map(|line| format!("line {line} of a gr\u{fc}n text\r\n")).collect();
    let path = files.add("long.txt", text.as_bytes());
    within_limit("long", move || {
        let mut document = open_file(&path).expect("opened");
        assert_eq!(document.info().page_count, 1000);
        for number in [1000, 1, 500] {
            let read = document.read_pages(&[number], &mut |_| {}, &CancelToken::default()).expect("read").value;
            let lines = &read.pages[0].lines;
            let first = (number - 1) * 60 + 1;
            assert_eq!(lines.len(), 60);
            assert_eq!(lines[0].text, format!("line {first} of a gr\u{fc}n text"));
            assert_eq!(lines[0].words.len(), 6);
        }
    });
}

#[test]
fn words_are_left_out_where_nobody_wants_them() {
    let files = Files::new();
    let path = files.add("short.txt", b"two words");
    let mut options = open_options();
    options.without_words = true;
    let read = within_limit("short", move || read_with(&path, options)).expect("read").value;
    assert_eq!(text_of(&read, 0), "two words");
    assert!(read.pages[0].lines[0].words.is_empty());
}

#[test]
fn a_text_that_is_cut_while_it_is_open_is_not_read_as_if_it_were_the_same() {
    let files = Files::new();
    let path = files.add("short.txt", &b"a line\n".repeat(1000));
    let mut document = open_file(&path).expect("opened");
    files.add("short.txt", b"cut");
    let error = document.read_pages(&[17], &mut |_| {}, &CancelToken::default()).expect_err("cut");
    assert!(matches!(error, DocumentError::Changed { .. }), "{error}");
}

#[test]
fn opening_a_text_can_be_cancelled() {
    let files = Files::new();
    let path = files.add("long.txt", &b"a line\n".repeat(1000));
    let options = open_options();
    options.cancel.cancel();
    assert!(matches!(open(&path, options), Err(DocumentError::Cancelled(_))));
}
