//! A file that is replaced or rewritten while it is read: the reading fails, and nothing of it is kept under the old hash.

use std::path::{Path, PathBuf};

use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::document::{DocumentError, OpenOptions, open};
use engine::protocol::{Event, RequestId};
use engine::store::Directories;
use engine::viewer::{DocumentId, PageKey, ViewCommand, ViewEvent, Viewer, Wanted};
use engine::worker::{Engine, EngineOptions};
use recto_tests::fixture;

use crate::reading_model::{engine, entries, events, pages, read, read_command, write_model, write_report};

/// How a file changes.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Another file gets its name.
    Renamed,
    /// It gets other bytes.
    Rewritten,
    /// It is deleted.
    Removed,
}

impl Change {
    const ALL: [Self; 3] = [Self::Renamed, Self::Rewritten, Self::Removed];

    fn make(self, path: &Path) {
        let bytes = std::fs::read(path).unwrap();
        match self {
            // Of the same length and time, so that only the file itself differs.
            Self::Renamed => {
                let mut other = bytes;
                *other.last_mut().unwrap() ^= 1;
                replace(path, &other);
            }
            Self::Rewritten => std::fs::write(path, [&bytes[..], b"\nmore"].concat()).unwrap(),
            Self::Removed => std::fs::remove_file(path).unwrap(),
        }
    }
}

/// Replaces a file by another one of the same time.
fn replace(path: &Path, bytes: &[u8]) {
    let other = path.with_extension("new");
    std::fs::write(&other, bytes).unwrap();
    let times = std::fs::FileTimes::new().set_modified(path.metadata().unwrap().modified().unwrap());
    std::fs::File::options().write(true).open(&other).unwrap().set_times(times).unwrap();
    std::fs::rename(other, path).unwrap();
}

fn pages_options() -> engine::document::pages::PagesOptions {
    engine::document::pages::PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        pdfium: engine::document::pages::find_library().expect("PDFium is there: cargo xtask pdfium"),
        limits: engine::document::pages::Limits::default(),
    }
}

/// A copy of a PDF, and a text, in `folder`.
fn reports(folder: &Path) -> [PathBuf; 2] {
    let pdf = folder.join("report.pdf");
    std::fs::copy(fixture("pdf/treasury_bulletin_2018_03.pdf"), &pdf).unwrap();
    [pdf, write_report(&folder.join("report.txt"), &pages(12)).path]
}

#[test]
fn a_reading_of_a_file_that_changes_fails() {
    for change in Change::ALL {
        let files = tempfile::tempdir().unwrap();
        for path in reports(files.path()) {
            let options = OpenOptions { pages: Some(pages_options()), ..OpenOptions::default() };
            let mut document = open(&path, options).unwrap();
            let mut is_first = true;
            let mut on_page = |_: &engine::document::page::Page| {
                if std::mem::take(&mut is_first) {
                    change.make(&path);
                }
            };
            let result = document.read_pages(&[], &mut on_page, &CancelToken::default());
            let error = result.expect_err("the file changed");
            assert!(matches!(error, DocumentError::Changed { .. }), "{change:?} {error}");
            assert!(error.to_string().starts_with("the file changed while it was being read: "), "{error}");
            assert!(error.hint().unwrap().contains("nothing was kept"));
        }
    }
}

#[test]
fn the_same_bytes_under_the_same_name_are_the_same_report() {
    let files = tempfile::tempdir().unwrap();
    for path in reports(files.path()) {
        let options = OpenOptions { pages: Some(pages_options()), ..OpenOptions::default() };
        let mut document = open(&path, options).unwrap();
        replace(&path, &std::fs::read(&path).unwrap());
        document.read_pages(&[1], &mut |_| (), &CancelToken::default()).unwrap();
    }
}

#[test]
fn nothing_is_kept_under_the_old_hash() {
    let (home, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = write_model(&files.path().join("model"), |_| ());
    let source = write_report(&files.path().join("report.txt"), &pages(12));
    let before = std::fs::read(&source.path).unwrap();
    // The engine calls this after each event, such as the one that the file is open, and waits for it.
    let path = source.path.clone();
    let rewrite = move || Change::Rewritten.make(&path);
    let options = EngineOptions {
        directories: Some(Directories::under(home.path())),
        kept_bytes: Some(1 << 30),
        keeps_texts: true,
        ..EngineOptions::default()
    };
    let restless = Engine::spawn(options, rewrite).unwrap();
    restless.send(read_command(1, &model, &source));
    let events = events(&restless);
    let Some(Event::Failed { request: RequestId(1), report }) = events.last() else { panic!("{:?}", events.last()) };
    assert!(report.message.starts_with("the file changed while it was being read: "), "{report:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Opened { .. })), "it was open when it changed");
    drop(restless);
    for bucket in ["encodings-v1", "vision-v1", "pages-v1"] {
        assert_eq!(entries(home.path(), bucket).len(), 0, "{bucket}");
    }
    assert!(!home.path().join("data/library-v1").exists());
    // One that rests is read and kept.
    std::fs::write(&source.path, before).unwrap();
    read(&engine(home.path()), &model, &source);
    assert!(!entries(home.path(), "pages-v1").is_empty());
}

#[test]
fn the_viewer_says_that_a_file_changed() {
    for change in [Change::Renamed, Change::Rewritten] {
        let files = tempfile::tempdir().unwrap();
        for path in reports(files.path()) {
            let viewer = Viewer::spawn(Some(pages_options()), || ()).unwrap();
            let document = DocumentId(1);
            viewer.send(ViewCommand::Open { document, path: path.clone(), password: None });
            let Some(ViewEvent::Opened { .. }) = viewer.recv() else { panic!("it is not open") };
            let want = |page| viewer.send(ViewCommand::Want(vec![Wanted::Page(PageKey { document, page })]));
            want(1);
            let Some(ViewEvent::Page { .. }) = viewer.recv() else { panic!("it cannot be read") };
            change.make(&path);
            want(2);
            match viewer.recv() {
                Some(ViewEvent::Blank { report, .. }) => {
                    assert!(report.message.starts_with("the file changed while it was being read: "), "{report:?}");
                }
                other => panic!("{change:?} {other:?}"),
            }
        }
    }
}
