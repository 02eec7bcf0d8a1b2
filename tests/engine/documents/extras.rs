//! Labels and tables of contents that cannot be read cost themselves, not the document.

use engine::diagnostic::Warned;
use engine::document::page::Document;

use super::pdf_bytes::{FONT, page_object, pdf, show_text, stream};
use super::{Files, read, text_of, within_limit};

const LEFT_OUT: &str = "the page labels or the table of contents of the file are damaged and were left out";

/// Reads one page of a PDF with these entries in its catalogue and these objects from number 6 on.
fn read_with_extras(what: &str, catalogue: &str, more: impl IntoIterator<Item = Vec<u8>>) -> Warned<Document> {
    let mut objects = vec![
        format!("<</Type/Catalog/Pages 2 0 R{catalogue}>>").into_bytes(),
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>".to_vec(),
        FONT.as_bytes().to_vec(),
        page_object("/MediaBox[0 0 612 792]", 5),
        stream("", show_text(72, 720, "still here").as_bytes()),
    ];
    objects.extend(more);
    let files = Files::new();
    let path = files.add("extras.pdf", &pdf(&objects));
    let read = within_limit(what, move || read(&path)).expect(what);
    assert_eq!(text_of(&read.value, 0).trim(), "still here", "{what}");
    read
}

fn left_out(read: &Warned<Document>) -> bool {
    read.warnings.iter().any(|warning| warning.to_string() == LEFT_OUT)
}

#[test]
fn labels_that_never_end_are_left_out() {
    for (what, tree) in [
        ("a tree that holds itself", vec!["<</Kids[6 0 R]/Limits[0 9]>>"]),
        ("two that hold each other", vec!["<</Kids[7 0 R 7 0 R]>>", "<</Kids[6 0 R 6 0 R]>>"]),
    ] {
        let read =
            read_with_extras(what, "/PageLabels 6 0 R", tree.into_iter().map(|object| object.as_bytes().to_vec()));
        assert_eq!(read.value.pages[0].label, None, "{what}");
        assert!(left_out(&read), "{what}: {:?}", read.warnings);
    }
}

#[test]
fn labels_nested_too_deep_for_pdfium_are_left_out() {
    const DEPTH: usize = 60_000;
    let tree = (0..DEPTH).map(|level| format!("<</Kids[{} 0 R]>>", level + 7).into_bytes());
    let end = b"<</Nums[0<</S/r>>]>>".to_vec();
    let read = read_with_extras("deep labels", "/PageLabels 6 0 R", tree.chain([end]));
    assert!(read.value.pages[0].label.is_some() || left_out(&read), "{:?}", read.warnings);
}

#[test]
fn a_huge_table_of_contents_is_cut() {
    const ENTRIES: usize = 12_000;
    let head = format!("<</Type/Outlines/First 8 0 R/Last {} 0 R/Count {ENTRIES}>>", ENTRIES + 7).into_bytes();
    let title = format!("({})", "long ".repeat(6000)).into_bytes();
    let items = (0..ENTRIES).map(|index| {
        let next = if index + 1 < ENTRIES { format!("/Next {} 0 R", index + 9) } else { String::new() };
        format!("<</Title 7 0 R/Parent 6 0 R/Dest[4 0 R/Fit]{next}>>").into_bytes()
    });
    let read = read_with_extras("outline", "/Outlines 6 0 R", [head, title].into_iter().chain(items));
    assert!(left_out(&read), "{:?}", read.warnings);
    assert!(read.value.outline.len() > 100 && read.value.outline.len() <= 10_000, "{}", read.value.outline.len());
    assert!(read.value.outline.iter().all(|item| item.title.chars().count() <= 300));
}
