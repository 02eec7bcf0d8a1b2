//! Page counts that are not true: what exists is read, and what does not costs a few lines.

use engine::document::page::PageContent;

use super::pdf_bytes::{FONT, page_object, pdf, show_text, stream};
use super::{Files, is_failed, open_file, read, text_of, within_limit};

/// A PDF that claims `count` pages and has one, with these further children of its page tree.
fn claims(count: u32, more_kids: &str) -> Vec<u8> {
    pdf(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count {count}/Kids[4 0 R{more_kids}]>>").into_bytes(),
        FONT.as_bytes().to_vec(),
        page_object("/MediaBox[0 0 612 792]", 5),
        stream("", show_text(72, 720, "the only page").as_bytes()),
    ])
}

#[test]
fn a_claim_of_a_million_pages_is_checked() {
    let files = Files::new();
    let path = files.add("million.pdf", &claims(1_048_574, ""));
    let read = within_limit("million", move || read(&path)).expect("read");
    assert_eq!((read.value.page_count, read.value.pages.len()), (1, 1));
    assert_eq!(text_of(&read.value, 0).trim(), "the only page");
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["the file should have 1,048,574 pages, but only 1 can be found"]);
}

#[test]
fn a_few_missing_pages_are_named_and_many_are_counted() {
    let files = Files::new();
    let path = files.add("missing.pdf", &claims(61, &" 99 0 R".repeat(60)));
    let read = within_limit("missing", move || read(&path)).expect("read");
    assert_eq!(read.value.pages.len(), 61);
    assert_eq!(read.value.pages[0].content, PageContent::Text);
    assert!(read.value.pages.iter().skip(1).all(|page| is_failed(&page.content)));
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 11, "{warnings:?}");
    assert_eq!(warnings[0], "page 2: the page could not be read: the page is damaged");
    assert_eq!(warnings[10], "and 50 more pages with such warnings");
}

#[test]
fn a_small_file_of_very_many_pages_is_read_in_part() {
    // Each node of the tree holds the next one twice, so that sixteen nodes make 65,536 pages.
    const DEPTH: u32 = 16;
    let mut objects = vec![b"<</Type/Catalog/Pages 2 0 R>>".to_vec()];
    for level in 0..DEPTH {
        let kid = level + 3;
        let count = 1_u32 << (DEPTH - level);
        objects.push(format!("<</Type/Pages/Count {count}/Kids[{kid} 0 R {kid} 0 R]>>").into_bytes());
    }
    objects.push(b"<</Type/Page/Parent 17 0 R/MediaBox[0 0 612 792]>>".to_vec());
    let files = Files::new();
    let path = files.add("doubled.pdf", &pdf(&objects));
    let document = within_limit("doubled", move || open_file(&path)).expect("opened");
    assert_eq!(document.info().page_count, 20_000);
    let warnings: Vec<String> = document.info().warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["the file has 65,536 pages, of which only the first 20,000 are read"]);
}
