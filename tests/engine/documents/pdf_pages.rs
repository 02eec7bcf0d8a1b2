//! What is told of a PDF's pages: places, forms, links, labels, outlines, pictures of pages.

use engine::cancel::CancelToken;
use engine::document::geometry::Rect;
use engine::document::page::PageContent;
use engine::document::pages::PagesProcess;
use engine::document::raw::{LinkTarget, RawObjectKind, RawPage};

use super::pdf_bytes::{FONT, one_page, page_object, pdf, pdf_with_trailer, show_text, stream};
use super::{Files, open_file, pages_options, read, text_of, within_limit};

fn raw_page(bytes: &[u8]) -> RawPage {
    let files = Files::new();
    let path = files.add("page.pdf", bytes);
    let never = CancelToken::default();
    let mut process = PagesProcess::open(pages_options(), &path, None, &never).expect("opened");
    process.page(0, &never).expect("read")
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() < 0.02
}

/// Same place, to a fiftieth of a point.
fn same(a: &Rect, b: &Rect) -> bool {
    near(a.left, b.left) && near(a.top, b.top) && near(a.right, b.right) && near(a.bottom, b.bottom)
}

#[test]
fn places_are_those_of_the_displayed_page() {
    // The box shown is 300 by 500, its lower left corner at (50, 60); text starts at (100, 200) of user space, and a
    // square of 20 stands on (110, 210).
    for (rotation, size, origin, square, angle) in [
        (0, (300.0, 500.0), (50.0, 360.0), Rect::new(60.0, 330.0, 80.0, 350.0), 0.0),
        (90, (500.0, 300.0), (140.0, 50.0), Rect::new(150.0, 60.0, 170.0, 80.0), 90.0),
        (180, (300.0, 500.0), (250.0, 140.0), Rect::new(220.0, 150.0, 240.0, 170.0), 180.0),
        (270, (500.0, 300.0), (360.0, 250.0), Rect::new(330.0, 220.0, 350.0, 240.0), 270.0),
    ] {
        let entries = format!("/MediaBox[0 0 400 600]/CropBox[50 60 350 560]/Rotate {rotation}");
        let content = format!("{}110 210 20 20 re f\n", show_text(100, 200, "ab"));
        let page = raw_page(&one_page(&entries, &content));
        assert_eq!((page.width_pt, page.height_pt), size, "{rotation}");
        assert_eq!(page.rotation_deg, rotation);
        let first = page.chars[0];
        assert_eq!((first.unicode, first.font_size_pt, first.angle_deg), ('a', 12.0, angle), "{rotation}");
        assert!(near(first.origin_x, origin.0) && near(first.origin_y, origin.1), "{rotation}: {first:?}");
        assert!(first.loose.grown(0.5).touches(&Rect::new(origin.0, origin.1, origin.0, origin.1)), "{first:?}");
        assert!(same(&page.objects[0].bbox, &square), "{rotation}: {:?}", page.objects[0].bbox);
    }
}

#[test]
fn a_picture_of_a_rectangle_shows_that_rectangle() {
    for rotation in [0, 90, 180, 270] {
        let entries = format!("/MediaBox[0 0 400 600]/CropBox[50 60 350 560]/Rotate {rotation}");
        let bytes = one_page(&entries, "1 0 0 rg 110 210 20 20 re f\n");
        let square = raw_page(&bytes).objects[0].bbox;
        let files = Files::new();
        let path = files.add("page.pdf", &bytes);
        let picture = open_file(&path).expect("opened").render(1, square.grown(20.0), 61, 59).expect("drawn");
        assert_eq!(picture.dimensions(), (61, 59));
        let red = |x, y| picture.get_pixel(x, y).0 == [255, 0, 0];
        let white = |x, y| picture.get_pixel(x, y).0 == [255; 3];
        assert!(red(30, 30) && red(23, 23) && red(38, 36), "{rotation}");
        assert!(white(17, 30) && white(30, 17) && white(43, 30) && white(30, 43), "{rotation}");
    }
}

#[test]
fn forms_are_taken_apart_and_clipped() {
    let form = stream("/Type/XObject/Subtype/Form/BBox[0 0 50 50]/Matrix[2 0 0 2 0 0]", b"10 10 100 10 re f\n");
    let page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<</XObject<</X 5 0 R>>>>/Contents 4 0 R>>";
    let content = b"q 1 0 0 1 30 40 cm /X Do Q q 1 0 0 1 0 100 cm /X Do Q 0 0 10 10 re f 500 500 9 9 re f";
    let raw = raw_page(&pdf(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
        page.to_vec(),
        stream("", content),
        form,
    ]));
    let expected = [
        (Rect::new(50.0, 120.0, 130.0, 140.0), 1),
        (Rect::new(20.0, 60.0, 100.0, 80.0), 2),
        (Rect::new(0.0, 190.0, 10.0, 200.0), 0),
    ];
    assert_eq!(raw.objects.len(), expected.len(), "{:?}", raw.objects);
    for (object, (bbox, form)) in raw.objects.iter().zip(expected) {
        assert!(same(&object.bbox, &bbox), "{:?}, not {bbox:?}", object.bbox);
        assert_eq!(object.form, form);
    }
}

#[test]
fn paths_and_images_say_what_they_are() {
    let content = "0 0 1 RG 1 0 0 rg 10 10 50 50 re B\n100 100 m 120 140 150 90 160 100 c S\n\
        q 40 0 0 30 200 200 cm BI /W 2 /H 1 /CS /G /BPC 8 ID ab EI Q\n";
    let kinds: Vec<RawObjectKind> =
        raw_page(&one_page("/MediaBox[0 0 400 400]", content)).objects.iter().map(|object| object.kind).collect();
    let [RawObjectKind::Path { stroked: true, filled: true, fill_rgba, stroke_rgba, curved: false, .. }, curve, image] =
        kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!((fill_rgba, stroke_rgba), ([255, 0, 0, 255], [0, 0, 255, 255]));
    assert!(matches!(curve, RawObjectKind::Path { stroked: true, filled: false, curved: true, .. }), "{curve:?}");
    assert_eq!(image, RawObjectKind::Image { width_px: 2, height_px: 1 });
}

#[test]
fn invisible_text_is_marked() {
    let content = format!("3 Tr {}0 Tr {}", show_text(50, 50, "unseen"), show_text(50, 100, "seen"));
    let page = raw_page(&one_page("/MediaBox[0 0 200 200]", &content));
    let invisible: String = page.chars.iter().filter(|c| c.invisible && !c.generated).map(|c| c.unicode).collect();
    assert_eq!(invisible.trim(), "unseen");
}

/// Two pages with everything that surrounds text: labels, outline, metadata, links, a note.
fn rich_pdf() -> Vec<u8> {
    let annotations = "/Annots[\
        <</Type/Annot/Subtype/Link/Rect[10 10 60 30]/Dest[6 0 R/Fit]>>\
        <</Type/Annot/Subtype/Link/Rect[10 40 60 60]/A<</S/URI/URI(https://example.org/a)>>>>\
        <</Type/Annot/Subtype/Link/Rect[10 70 60 90]/A<</S/Launch/F(program)>>>>\
        <</Type/Annot/Subtype/FreeText/F 4/Rect[100 100 200 120]/Contents(noted)/DA(/F 10 Tf 0 g)/AP<</N 9 0 R>>>>]";
    let note = "/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F 3 0 R>>>>";
    pdf_with_trailer(
        &[
            b"<</Type/Catalog/Pages 2 0 R/Outlines 8 0 R/PageLabels<</Nums[0<</S/r/St 4>>1<</P(A-)/S/D>>]>>>>".to_vec(),
            b"<</Type/Pages/Count 2/Kids[4 0 R 6 0 R]>>".to_vec(),
            FONT.as_bytes().to_vec(),
            page_object(&format!("/MediaBox[0 0 300 400]{annotations}"), 5),
            stream("", show_text(50, 300, "first").as_bytes()),
            page_object("/MediaBox[0 0 300 400]", 7),
            stream("", show_text(50, 300, "second").as_bytes()),
            b"<</Type/Outlines/First 10 0 R/Last 10 0 R/Count 1>>".to_vec(),
            stream(note, b"BT /F 10 Tf 2 4 Td (noted) Tj ET"),
            b"<</Title(Chapter)/Parent 8 0 R/Dest[4 0 R/Fit]/First 11 0 R/Last 11 0 R/Count 1>>".to_vec(),
            b"<</Title(Section)/Parent 10 0 R/Dest[6 0 R/Fit]/Next 10 0 R>>".to_vec(),
            b"<</Title<FEFF00DC0062006500720062006C00690063006B>/Author(A. Writer)>>".to_vec(),
        ],
        "/Info 12 0 R",
    )
}

#[test]
fn labels_outline_metadata_links_and_notes_are_read() {
    let files = Files::new();
    let path = files.add("rich.pdf", &rich_pdf());
    let document = within_limit("rich", move || read(&path)).expect("read").value;
    let labels: Vec<Option<&str>> = document.pages.iter().map(|page| page.label.as_deref()).collect();
    assert_eq!(labels, [Some("iv"), Some("A-1")]);
    let outline: Vec<(&str, Option<u32>, u16)> =
        document.outline.iter().map(|item| (item.title.as_str(), item.page, item.depth)).collect();
    assert_eq!(outline, [("Chapter", Some(1), 0), ("Section", Some(2), 1)]);
    assert_eq!(document.metadata.title.as_deref(), Some("\u{dc}berblick"));
    assert_eq!(document.metadata.author.as_deref(), Some("A. Writer"));
    let targets: Vec<&LinkTarget> = document.pages[0].links.iter().map(|link| &link.target).collect();
    assert_eq!(targets, [&LinkTarget::Page(2), &LinkTarget::Uri("https://example.org/a".to_owned())]);
    assert!(same(&document.pages[0].links[0].bbox, &Rect::new(10.0, 370.0, 60.0, 390.0)));
    let text = text_of(&document, 0);
    assert!(text.contains("first") && text.contains("noted"), "{text:?}");
}

#[test]
fn a_page_is_the_same_each_time_it_is_read() {
    let files = Files::new();
    let path = files.add("rich.pdf", &rich_pdf());
    let never = CancelToken::default();
    let mut process = PagesProcess::open(pages_options(), &path, None, &never).expect("opened");
    let mut read = || process.page(0, &never).expect("read");
    let first = read();
    assert_eq!(first.links.len(), 2);
    assert_eq!(first, read());
}

#[test]
fn pages_are_read_in_order_whatever_order_they_are_asked_in() {
    let files = Files::new();
    let path = files.add("rich.pdf", &rich_pdf());
    within_limit("selection", move || {
        let mut document = open_file(&path).expect("opened");
        let never = CancelToken::default();
        let mut seen = Vec::new();
        let read = document.read_pages(&[2, 1, 2], &mut |page| seen.push(page.number), &never).expect("read");
        assert_eq!(seen, [1, 2]);
        assert_eq!(read.value.page_count, 2);
        assert!(document.read_pages(&[3], &mut |_| {}, &never).is_err());
        let one = document.read_pages(&[2], &mut |_| {}, &never).expect("read").value;
        assert_eq!(one.pages.len(), 1);
        assert_eq!(text_of(&one, 0).trim(), "second");
    });
}

#[test]
fn a_page_that_is_a_picture_is_a_scan() {
    let files = Files::new();
    let content = "q 300 0 0 400 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID a EI Q\n";
    let path = files.add("scan.pdf", &one_page("/MediaBox[0 0 300 400]", content));
    let document = within_limit("scan", move || read(&path)).expect("read").value;
    assert_eq!(document.pages[0].content, PageContent::Scan);
    assert_eq!(document.pages[0].figures.len(), 1);
}
