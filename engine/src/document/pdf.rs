//! An open PDF: translates between the `pages` process and documents.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use image::RgbImage;

use super::error::DocumentError;
use super::geometry::Rect;
use super::open::OpenOptions;
use super::pages::wire::{Fault, FileInfo, MAX_LISTED_PAGES};
use super::pages::{PagesError, PagesOptions, PagesProcess, find_library};
use super::pdf_pool::{self, Slot};
use super::raw::RawPage;
use crate::cancel::{CancelToken, Cancelled};
use crate::diagnostic::{Diagnostic, grouped};
use crate::regular_file;
use crate::untrusted::printable;

/// An open PDF.
#[derive(Debug)]
pub(super) struct Pdf {
    path: PathBuf,
    pages: PagesOptions,
    password: Option<String>,
    info: FileInfo,
    /// Whether labels or the table of contents had to be left out, or a part of them.
    lacks_extras: bool,
    /// Empty while many other PDFs are in use.
    process: Slot,
}

impl Pdf {
    /// Opens a PDF.
    pub(super) fn open(path: &Path, options: OpenOptions) -> Result<Self, DocumentError> {
        let pages = match options.pages {
            Some(pages) => pages,
            None => PagesOptions::this_program(find_library()?)
                .map_err(|error| DocumentError::ProcessDied { detail: error.to_string(), path: path.to_path_buf() })?,
        };
        let process = PagesProcess::open(pages.clone(), path, options.password.clone(), &options.cancel)
            .map_err(|error| translate(error, None, path, &pages.pdfium))?;
        let (info, lacks_extras) = (process.info().clone(), process.lacks_extras());
        let process = Arc::new(Mutex::new(Some(process)));
        pdf_pool::note_use(&process);
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        Ok(Self { path, pages, password: options.password, info, lacks_extras, process })
    }

    /// The file's own metadata.
    pub(super) fn info(&self) -> &FileInfo {
        &self.info
    }

    /// What the file says of itself and what is not so.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        let FileInfo { page_count, claimed_pages, .. } = *self.info();
        let (there, claimed) = (grouped(page_count), grouped(claimed_pages));
        let mut warnings = Vec::new();
        if page_count == MAX_LISTED_PAGES && claimed_pages > page_count {
            warnings.push(format!("the file has {claimed} pages, of which only the first {there} are read"));
        } else if claimed_pages > page_count {
            warnings.push(format!("the file should have {claimed} pages, but only {there} can be found"));
        }
        if self.lacks_extras {
            warnings
                .push("the page labels or the table of contents of the file are damaged and were left out".to_owned());
        }
        warnings.into_iter().map(Diagnostic::general).collect()
    }

    /// The printed label of page `number` (from 1).
    pub(super) fn label(&self, number: u32) -> Option<String> {
        let label = self.info().labels.get(number as usize - 1)?.as_deref()?;
        Some(printable(label).to_string())
    }

    /// Width and height of page `number` (from 1) in points; zero if they are not known.
    pub(super) fn size_pt(&self, number: u32) -> (f32, f32) {
        self.info().sizes_pt.get(number as usize - 1).copied().unwrap_or_default()
    }

    /// Runs `work` with the process, which is restarted if other PDFs have taken its place in the pool.
    fn with_process<T>(
        &self,
        cancel: &CancelToken,
        work: impl FnOnce(&mut PagesProcess) -> Result<T, PagesError>,
    ) -> Result<T, PagesError> {
        let mut process = pdf_pool::hold(&self.process);
        pdf_pool::note_use(&self.process);
        let process = match &mut *process {
            Some(process) => process,
            none => {
                let again = PagesProcess::open(self.pages.clone(), &self.path, self.password.clone(), cancel)?;
                if !again.info().is_of_same_file(&self.info) {
                    return Err(PagesError::Changed);
                }
                none.insert(again)
            }
        };
        work(process)
    }

    /// Reads page `number` (from 1) while `next` is read ahead. The inner error says why the page cannot be read.
    pub(super) fn page(
        &mut self,
        number: u32,
        next: Option<u32>,
        cancel: &CancelToken,
    ) -> Result<Result<RawPage, String>, Cancelled> {
        let outcome = self.with_process(cancel, |process| {
            let outcome = process.page(number - 1, cancel);
            if let Some(next) = next {
                process.ask_ahead(next - 1);
            }
            outcome
        });
        match outcome {
            Ok(raw) => Ok(Ok(raw)),
            Err(PagesError::Cancelled) => Err(Cancelled),
            Err(error) => Ok(Err(reason(&error))),
        }
    }

    /// Draws a rectangle of page `number` (from 1).
    pub(super) fn render(
        &mut self,
        number: u32,
        rect: Rect,
        (width_px, height_px): (u32, u32),
        cancel: &CancelToken,
    ) -> Result<RgbImage, DocumentError> {
        let drawn =
            self.with_process(cancel, |process| process.render(number - 1, rect, (width_px, height_px), cancel));
        let bytes = drawn.map_err(|error| match error {
            PagesError::Refused(Fault::OutOfBounds) => DocumentError::TooLarge {
                what: "the part to draw",
                size: format!("{width_px} x {height_px} pixels"),
                path: self.path.clone(),
            },
            error => translate(error, Some(number), &self.path, &self.pages.pdfium),
        })?;
        let detail = || DocumentError::Damaged { what: "the PDF", detail: None, path: self.path.clone() };
        RgbImage::from_raw(width_px, height_px, bytes).ok_or_else(detail)
    }
}

/// Why a page cannot be read, as one sentence.
fn reason(error: &PagesError) -> String {
    match error {
        PagesError::Refused(Fault::PageDamaged | Fault::OutOfBounds) => "the page is damaged".to_owned(),
        PagesError::Refused(Fault::Io(detail)) => format!("the file cannot be read ({detail})"),
        PagesError::Refused(_) => "the file can no longer be opened".to_owned(),
        error => error.to_string(),
    }
}

/// Maps an error on the file at `path`, or on one of its pages.
fn translate(error: PagesError, number: Option<u32>, path: &Path, library: &Path) -> DocumentError {
    let path = path.to_path_buf();
    match error {
        PagesError::Refused(fault) => refused(fault, number, path, library),
        PagesError::TimedOut(after) => DocumentError::TimedOut { seconds: after.as_secs_f32(), path },
        PagesError::Cancelled => DocumentError::Cancelled(Cancelled),
        error => DocumentError::ProcessDied { detail: error.to_string(), path },
    }
}

fn refused(fault: Fault, number: Option<u32>, path: PathBuf, library: &Path) -> DocumentError {
    match fault {
        Fault::Library(detail) => DocumentError::LibraryUnusable { detail, library: library.to_path_buf() },
        Fault::Io(detail) => DocumentError::Io { detail, path },
        Fault::NeedsPassword => DocumentError::NeedsPassword { path },
        Fault::WrongPassword => DocumentError::WrongPassword { path },
        Fault::UnknownEncryption => DocumentError::UnknownEncryption { path },
        Fault::ZeroPages => DocumentError::ZeroPages { path },
        Fault::PageDamaged | Fault::OutOfBounds if number.is_some() => {
            DocumentError::PageDamaged { number: number.unwrap_or_default(), path }
        }
        Fault::Damaged | Fault::NothingOpen | Fault::PageDamaged | Fault::OutOfBounds => {
            let detail = lacks_end(&path).then(|| "its end is missing".to_owned());
            DocumentError::Damaged { what: "the PDF", detail, path }
        }
    }
}

/// Whether the end-of-file marker of every PDF is missing, as after an interrupted download.
fn lacks_end(path: &Path) -> bool {
    /// Some programs append a little data after the marker.
    const WITHIN: u64 = 2048;
    let tail = || {
        let mut file = regular_file::open(path)?;
        let start = file.metadata()?.len().saturating_sub(WITHIN);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(WITHIN).read_to_end(&mut tail)?;
        std::io::Result::Ok(tail)
    };
    tail().is_ok_and(|tail| !tail.windows(5).any(|bytes| bytes == b"%%EOF"))
}
