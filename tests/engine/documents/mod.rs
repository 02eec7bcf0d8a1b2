//! Documents from the outside: files as a user has them, good and bad, and a reading process that misbehaves.

mod bad_files;
mod damage;
mod extras;
mod faults;
#[cfg(target_os = "linux")]
mod many_files;
mod page_counts;
pub(crate) mod pdf_bytes;
mod pdf_pages;
mod pictures;
mod sandbox;
mod texts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::cancel::CancelToken;
use engine::diagnostic::Warned;
use engine::document::page::{Document, PageContent};
use engine::document::pages::{Limits, PagesOptions, find_library};
use engine::document::{DocumentError, OpenDocument, OpenOptions, open};

/// What no file may exceed, however bad it is.
const LIMIT: Duration = Duration::from_secs(60);

/// The whole program as the process that reads PDFs.
fn pages_options() -> PagesOptions {
    PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        pdfium: find_library().expect("PDFium is needed: run cargo xtask pdfium, or set RECTO_PDFIUM"),
        limits: Limits::default(),
    }
}

fn open_options() -> OpenOptions {
    OpenOptions { pages: Some(pages_options()), ..OpenOptions::default() }
}

/// Does `work` on a thread of its own and fails the test where it takes longer than [`LIMIT`].
fn within_limit<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let worker = std::thread::Builder::new().name("test-work".to_owned()).spawn(move || sender.send(work()));
    let worker = worker.expect("a thread");
    let outcome = receiver.recv_timeout(LIMIT);
    match outcome {
        Ok(value) => value,
        Err(crossbeam_channel::RecvTimeoutError::Timeout) => panic!("{what}: took longer than {LIMIT:?}"),
        Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
            let cause = worker.join().err();
            panic!("{what}: {:?}", cause.and_then(|cause| cause.downcast_ref::<String>().cloned()))
        }
    }
}

/// A folder for the files of one test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for the test's files"))
    }

    #[expect(clippy::disallowed_methods, reason = "tests write their own files")]
    fn add(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }
}

fn open_file(path: &Path) -> Result<OpenDocument, DocumentError> {
    open(path, open_options())
}

/// Opens a file and reads all of it.
fn read(path: &Path) -> Result<Warned<Document>, DocumentError> {
    read_with(path, open_options())
}

fn read_with(path: &Path, options: OpenOptions) -> Result<Warned<Document>, DocumentError> {
    open(path, options)?.read_pages(&[], &mut |_| {}, &CancelToken::default())
}

fn is_failed(content: &PageContent) -> bool {
    matches!(content, PageContent::Failed(_))
}

/// All text of a page.
fn text_of(document: &Document, page: usize) -> String {
    document.pages[page].lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}
