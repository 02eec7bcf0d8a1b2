//! The thread that shows documents: what is wanted now is shown, what no longer is wanted is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::document::page::DocumentKind;
use engine::document::pages::{Limits, PagesOptions};
use engine::viewer::{DocumentId, PageKey, PictureKey, ViewCommand, ViewEvent, ViewInfo, Viewer, Wanted};
use image::{Rgb, RgbImage};

const DOCUMENT: DocumentId = DocumentId(7);

/// A picture of 400 by 200 pixels: red on its left half, blue on its right half.
fn write_picture(path: &Path) {
    let picture = RgbImage::from_fn(400, 200, |x, _| if x < 200 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    picture.save(path).unwrap();
}

fn viewer() -> Viewer {
    let pages = PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        // Not needed for images.
        pdfium: PathBuf::new(),
        limits: Limits::default(),
    };
    Viewer::spawn(Some(pages), || ()).unwrap()
}

fn opened(viewer: &Viewer, path: &Path) -> Arc<ViewInfo> {
    viewer.send(ViewCommand::Open { document: DOCUMENT, path: path.to_path_buf(), password: None });
    match viewer.recv() {
        Some(ViewEvent::Opened { document: DOCUMENT, info }) => info,
        other => panic!("{other:?}"),
    }
}

fn part(info: &ViewInfo, scale: u32, [left, top, width, height]: [u32; 4]) -> PictureKey {
    assert_eq!(info.sizes_pt.len(), 1);
    PictureKey { page: PageKey { document: DOCUMENT, page: 1 }, scale, left, top, width, height }
}

#[test]
fn a_part_of_a_page_is_drawn_at_the_size_that_is_wanted() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("halves.png");
    write_picture(&path);
    let viewer = viewer();
    let info = opened(&viewer, &path);
    assert_eq!((info.name.as_str(), info.kind, info.labels.len()), ("halves.png", DocumentKind::Image, 1));
    let (width_pt, height_pt) = info.sizes_pt[0];
    assert!((width_pt / height_pt - 2.0).abs() < 1e-3, "{width_pt} x {height_pt}");
    for scale in [500, 1000, 2600] {
        let width = (width_pt * scale as f32 / 1000.0) as u32;
        // A part left of the middle, and one right of it.
        for (left, colour) in [(width / 8, Rgb([255, 0, 0])), (width / 2 + width / 8, Rgb([0, 0, 255]))] {
            let key = part(&info, scale, [left, width / 8, width / 4, width / 8]);
            viewer.send(ViewCommand::Want(vec![Wanted::Picture(key)]));
            let Some(ViewEvent::Picture { key: drawn, picture }) = viewer.recv() else { panic!("nothing was drawn") };
            assert_eq!((drawn, picture.width(), picture.height()), (key, width / 4, width / 8));
            assert_eq!(*picture.get_pixel(width / 8, width / 16), colour, "at {scale}");
        }
    }
}

#[test]
fn what_is_no_longer_wanted_is_not_drawn() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("halves.png");
    write_picture(&path);
    let viewer = viewer();
    let info = opened(&viewer, &path);
    let slow = (0..60).map(|left| Wanted::Picture(part(&info, 20_000, [left, 0, 2000, 2000]))).collect();
    viewer.send(ViewCommand::Want(slow));
    let wanted = part(&info, 1000, [0, 0, 10, 10]);
    viewer.send(ViewCommand::Want(vec![Wanted::Picture(wanted)]));
    let mut before = 0;
    while let Some(ViewEvent::Picture { key, .. }) = viewer.recv() {
        if key == wanted {
            break;
        }
        before += 1;
    }
    assert!(before < 60, "everything was drawn that nobody wanted any more");
}

#[test]
fn the_lines_of_a_page_are_told_and_a_text_is_no_picture() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notes.txt");
    std::fs::write(&path, "Receipts rose.\n\nOutlays fell.\n").unwrap();
    let viewer = viewer();
    let info = opened(&viewer, &path);
    assert_eq!(info.kind, DocumentKind::Text);
    let key = PageKey { document: DOCUMENT, page: 1 };
    let picture = Wanted::Picture(part(&info, 1000, [0, 0, 10, 10]));
    viewer.send(ViewCommand::Want(vec![Wanted::Page(key), picture]));
    let Some(ViewEvent::Page { key: told, page }) = viewer.recv() else { panic!("no page") };
    assert_eq!(told, key);
    let texts: Vec<_> = page.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["Receipts rose.", "Outlays fell."]);
    match viewer.recv() {
        Some(ViewEvent::Blank { wanted, .. }) => assert_eq!(wanted, picture),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_hangs_holds_up_no_other_report() {
    const OTHER: DocumentId = DocumentId(8);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("hangs.pdf");
    std::fs::write(&path, b"%PDF-1.7\n").unwrap();
    let hour = Duration::from_secs(3600);
    // Its second page hangs, whether it is read for display or for a search.
    let pages = PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_faulty-pages").into(), "mixed".into()],
        pdfium: "none".into(),
        limits: Limits { page_timeout: hour, render_timeout: hour, ..Limits::default() },
    };
    let viewer = Viewer::spawn(Some(pages), || ()).unwrap();
    assert_eq!(opened(&viewer, &path).kind, DocumentKind::Pdf);
    let notes = home.path().join("notes.txt");
    std::fs::write(&notes, "Receipts rose.\n").unwrap();
    viewer.send(ViewCommand::Open { document: OTHER, path: notes, password: None });
    assert!(matches!(viewer.recv(), Some(ViewEvent::Opened { document: OTHER, .. })));
    let hanging = ViewCommand::Want(vec![Wanted::Page(PageKey { document: DOCUMENT, page: 2 })]);
    let search = ViewCommand::Find { document: DOCUMENT, query: "receipts".into() };
    let other = PageKey { document: OTHER, page: 1 };
    for slow in [hanging, search] {
        let start = Instant::now();
        viewer.send(slow);
        std::thread::sleep(Duration::from_millis(500));
        viewer.send(ViewCommand::Want(vec![Wanted::Page(other)]));
        match viewer.recv() {
            Some(ViewEvent::Page { key, .. }) => assert_eq!(key, other),
            event => panic!("{event:?}"),
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
    // The viewer ends although the search hangs again.
    let start = Instant::now();
    drop(viewer);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn trouble_is_told_and_leaves_the_viewer_at_work() {
    let home = tempfile::tempdir().unwrap();
    let viewer = viewer();
    viewer.send(ViewCommand::Open { document: DOCUMENT, path: home.path().join("absent.pdf"), password: None });
    match viewer.recv() {
        Some(ViewEvent::Refused { document: DOCUMENT, report, cause }) => {
            assert!(report.message.contains("absent.pdf"), "{report:?}");
            assert!(report.hint.is_some());
            assert_eq!(cause, engine::viewer::Refusal::Missing);
        }
        other => panic!("{other:?}"),
    }
    let path = home.path().join("halves.png");
    write_picture(&path);
    let info = opened(&viewer, &path);
    let key = PictureKey { page: PageKey { document: DOCUMENT, page: 9 }, ..part(&info, 1000, [0, 0, 10, 10]) };
    viewer.send(ViewCommand::Want(vec![Wanted::Picture(key)]));
    assert!(matches!(viewer.recv(), Some(ViewEvent::Blank { .. })), "a page that is not there was drawn");
    // Of a document that was closed nothing comes any more.
    viewer.send(ViewCommand::Close(DOCUMENT));
    viewer.send(ViewCommand::Want(vec![Wanted::Picture(part(&info, 1000, [0, 0, 10, 10]))]));
    let again = opened(&viewer, &path);
    assert_eq!(again, info);
}

#[test]
fn words_are_found_on_all_pages_whatever_their_case_and_the_last_search_counts() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notes.txt");
    std::fs::write(&path, "Receipts rose.\x0cNothing.\x0cÄRGER of receipts, and net   Receipts\x0cThe end.\n").unwrap();
    let viewer = viewer();
    let info = opened(&viewer, &path);
    assert_eq!(info.sizes_pt.len(), 4);
    for (query, expected) in [
        ("receipts", vec![(1, 1), (3, 2), (4, 0)]),
        ("ärger OF", vec![(3, 1), (4, 0)]),
        ("net receipts", vec![(3, 1), (4, 0)]),
        ("the end", vec![(4, 1)]),
        ("deficit", vec![(4, 0)]),
    ] {
        viewer.send(ViewCommand::Find { document: DOCUMENT, query: "e".into() });
        viewer.send(ViewCommand::Find { document: DOCUMENT, query: query.into() });
        let mut told = Vec::new();
        while let Some(ViewEvent::Found { query: asked, page, hits, is_last, .. }) = viewer.recv() {
            if asked != query {
                continue;
            }
            for hit in &hits {
                assert_eq!(hit.text[hit.found.clone()].split_whitespace().count(), query.split(' ').count(), "{hit:?}");
                let page_size = info.sizes_pt[page as usize - 1];
                assert!(hit.bbox.left >= 0.0 && hit.bbox.right <= page_size.0 && hit.bbox.width() > 0.0, "{hit:?}");
            }
            told.push((page, hits.len()));
            if is_last {
                break;
            }
        }
        assert_eq!(told, expected, "{query}");
    }
}

#[test]
fn what_was_found_is_marked_as_narrowly_as_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("notes.txt");
    std::fs::write(&path, "abcdefghij abcdefghij\n").unwrap();
    let viewer = viewer();
    opened(&viewer, &path);
    let boxes = |query: &str| {
        viewer.send(ViewCommand::Find { document: DOCUMENT, query: query.into() });
        match viewer.recv() {
            Some(ViewEvent::Found { hits, .. }) => hits.into_iter().map(|hit| hit.bbox).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let words = boxes("abcdefghij");
    let halves = boxes("fghij");
    assert_eq!((words.len(), halves.len()), (2, 2));
    for (word, half) in words.iter().zip(&halves) {
        assert!((half.right - word.right).abs() < 0.01 && (half.width() / word.width() - 0.5).abs() < 0.01);
    }
}
