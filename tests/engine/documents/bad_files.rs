//! Files that are damaged, misnamed, locked or no documents at all: one clear line each, or what could be read of them.

use engine::diagnostic::Hint;
use engine::document::DocumentError;
use engine::document::page::{DocumentKind, PageContent};

use super::pdf_bytes::{FONT, encrypted_pdf, one_page, page_object, pdf, show_text, stream, text_pdf};
use super::{Files, is_failed, open_options, read, read_with, text_of, within_limit};

/// Which error it is, in a word.
fn name(error: &DocumentError) -> &'static str {
    match error {
        DocumentError::NotFound { .. } => "not found",
        DocumentError::IsDirectory { .. } => "directory",
        DocumentError::Empty { .. } => "empty",
        DocumentError::NotADocument { .. } => "not a document",
        DocumentError::Damaged { .. } => "damaged",
        DocumentError::NeedsPassword { .. } => "needs password",
        DocumentError::WrongPassword { .. } => "wrong password",
        DocumentError::ZeroPages { .. } => "zero pages",
        DocumentError::TooLarge { .. } => "too large",
        _ => "another error",
    }
}

#[test]
fn a_file_that_cannot_be_read_gets_one_clear_line() {
    let files = Files::new();
    let zero_pages = pdf(&[b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), b"<</Type/Pages/Count 0/Kids[]>>".to_vec()]);
    let noise: Vec<u8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let noisy_pdf = [b"%PDF-1.7\n", &noise[..]].concat();
    let png_head = [b"\x89PNG\r\n\x1a\n", &noise[..100]].concat();
    let locked = encrypted_pdf("hidden", b"secret");
    let cases: [(&str, &[u8], &str); 11] = [
        ("empty.pdf", b"", "empty"),
        ("zero.pdf", &zero_pages, "zero pages"),
        ("noise.pdf", &noisy_pdf, "damaged"),
        ("header.pdf", b"%PDF-1.7\n", "damaged"),
        ("page.pdf", b"<!DOCTYPE html><html><body>Not found</body></html>", "not a document"),
        ("words.pdf", b"This is not a PDF at all", "not a document"),
        ("archive.zip", b"PK\x03\x04\x14\0\0\0", "not a document"),
        ("letter.docx", b"PK\x03\x04\x14\0\0\0\x08\0word/document.xml", "not a document"),
        ("noise.txt", &noise, "not a document"),
        ("cut.png", &png_head, "damaged"),
        ("locked.pdf", &locked, "needs password"),
    ];
    for (file, bytes, expected) in cases {
        let path = files.add(file, bytes);
        let error = within_limit(file, move || read(&path)).expect_err(file);
        assert_eq!(name(&error), expected, "{file}: {error}");
        let message = error.to_string();
        assert!(!message.contains('\n') && message.ends_with(file), "{message}");
        assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{file}: no hint");
    }
}

#[test]
fn a_path_that_is_no_file_is_said_to_be_so() {
    let files = Files::new();
    let folder = files.0.path().to_path_buf();
    let missing = folder.join("missing.pdf");
    for (path, expected) in [(folder, "directory"), (missing, "not found")] {
        let error = within_limit(expected, move || read(&path)).expect_err(expected);
        assert_eq!(name(&error), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_said_to_be_so() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::new();
    let path = files.add("private.txt", b"private");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("set");
    // The superuser may read everything.
    let allowed = std::fs::File::open(&path).is_ok();
    match within_limit("no permission", move || read(&path)) {
        Ok(_) => assert!(allowed),
        Err(error) => {
            assert!(!allowed);
            assert!(error.to_string().contains("permission denied"), "{error}");
        }
    }
}

#[test]
fn passwords_open_what_they_lock() {
    let files = Files::new();
    for (stored, given) in [(&b"secret"[..], "secret"), (b"\xe6\xf8\xe5", "\u{e6}\u{f8}\u{e5}")] {
        let path = files.add("locked.pdf", &encrypted_pdf("hidden", stored));
        let read = |password: &str| {
            let (path, password) = (path.clone(), password.to_owned());
            within_limit("locked", move || {
                let mut options = open_options();
                options.password = Some(password);
                read_with(&path, options)
            })
        };
        let document = read(given).expect("the password fits").value;
        assert_eq!(text_of(&document, 0).trim(), "hidden");
        assert_eq!(name(&read("wrong").expect_err("does not fit")), "wrong password");
        assert_eq!(name(&read("").expect_err("no password")), "needs password");
    }
}

#[test]
fn the_content_says_what_a_file_is_and_a_wrong_name_earns_a_warning() {
    let files = Files::new();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(3, 2).write_to(&mut png, image::ImageFormat::Png).expect("encoded");
    for (file, bytes, kind) in [
        ("picture.pdf", png.into_inner(), DocumentKind::Image),
        ("report.txt", text_pdf(&["a report"]), DocumentKind::Pdf),
    ] {
        let path = files.add(file, &bytes);
        let read = within_limit(file, move || read(&path)).expect(file);
        assert_eq!(read.value.kind, kind);
        assert!(read.warnings.iter().any(|warning| warning.message.contains("is named")), "{:?}", read.warnings);
    }
}

#[test]
fn a_bad_page_costs_that_page() {
    let files = Files::new();
    let objects = |kids: &str, count: u32| {
        pdf(&[
            b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
            format!("<</Type/Pages/Count {count}/Kids[{kids}]>>").into_bytes(),
            FONT.as_bytes().to_vec(),
            page_object("/MediaBox[0 0 612 792]", 5),
            stream("", show_text(72, 720, "still here").as_bytes()),
        ])
    };
    for (what, bytes) in [
        ("a page that does not exist", objects("4 0 R 99 0 R", 2)),
        ("a page tree that holds itself", objects("4 0 R 2 0 R", 2)),
        ("a page tree that holds the catalogue", objects("4 0 R 1 0 R", 2)),
    ] {
        let path = files.add("bad.pdf", &bytes);
        let read = within_limit(what, move || read(&path)).expect(what);
        assert_eq!(text_of(&read.value, 0).trim(), "still here", "{what}");
        for page in read.value.pages.iter().skip(1) {
            assert!(is_failed(&page.content) || page.content == PageContent::Blank, "{what}: {:?}", page.content);
            let warned = read.warnings.iter().any(|warning| warning.page == Some(page.number));
            assert_eq!(warned, is_failed(&page.content), "{what}: {:?}", read.warnings);
        }
    }
}

#[test]
fn half_of_a_pdf_gives_what_is_left_or_says_that_it_is_damaged() {
    let files = Files::new();
    let texts: Vec<String> = (1..=20).map(|page| format!("page {page}")).collect();
    let whole = text_pdf(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let path = files.add("half.pdf", &whole[..whole.len() / 2]);
    match within_limit("half", move || read(&path)) {
        Ok(read) => {
            assert_eq!(text_of(&read.value, 0).trim(), "page 1");
            let failed = read.value.pages.iter().filter(|page| is_failed(&page.content)).count();
            assert!(failed > 0, "no page of the lost half failed");
        }
        Err(error) => {
            assert_eq!(name(&error), "damaged", "{error}");
            assert!(error.to_string().contains("its end is missing"), "{error}");
        }
    }
}

#[test]
fn a_huge_page_is_read_and_drawn_small() {
    let files = Files::new();
    let path = files.add("huge.pdf", &one_page("/MediaBox[0 0 595 2147483648]", &show_text(72, 720, "far away")));
    within_limit("huge", move || {
        let mut document = super::open_file(&path).expect("opened");
        let read = document.read_pages(&[], &mut |_| {}, &engine::cancel::CancelToken::default()).expect("read");
        let page = &read.value.pages[0];
        assert_eq!(page.content, PageContent::Text);
        let all = engine::document::geometry::Rect::new(0.0, 0.0, page.width_pt, page.height_pt);
        assert_eq!(document.render(1, all, 10, 1000).expect("drawn").dimensions(), (10, 1000));
        let error = document.render(1, all, 100_000, 100_000).expect_err("too many pixels");
        assert_eq!(name(&error), "too large");
    });
}

#[test]
fn a_thousand_pages_are_a_thousand_pages() {
    let files = Files::new();
    let texts: Vec<String> = (1..=1000).map(|page| format!("this is page {page}")).collect();
    let path = files.add("long.pdf", &text_pdf(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    let document = within_limit("long", move || read(&path)).expect("read").value;
    assert_eq!(document.pages.len(), 1000);
    assert!(document.pages.iter().all(|page| page.content == PageContent::Text));
    assert_eq!(text_of(&document, 999).trim(), "this is page 1000");
}
