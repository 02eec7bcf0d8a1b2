//! Opens a document of any kind and reads its pages one by one.

use std::fs::File;
use std::io::{Read, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::RgbImage;
use sha2::{Digest, Sha256};

use super::assemble::{assemble_page, failed_page, finish};
use super::damage::find_damage;
use super::error::DocumentError;
use super::geometry::Rect;
use super::image_file::ImageFile;
use super::page::{Document, DocumentKind, Figure, FigureKind, Metadata, OutlineItem, Page, PageContent};
use super::page_clock::{PageClock, STEP_TIME};
use super::pages::PagesOptions;
use super::pdf::Pdf;
use super::sniff::{HEAD_BYTES, Look, look};
use super::stamp::FileStamp;
use super::text_file::{HEIGHT_PT, TextFile, WIDTH_PT};
use crate::cancel::{CancelToken, Cancelled};
use crate::diagnostic::{Diagnostic, Warned, Warnings};
use crate::regular_file;
use crate::untrusted::printable;

/// Longest text file, in bytes; how many pages of it are read is limited in `text_pages.rs`.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// Longest PDF, in bytes.
const MAX_PDF_BYTES: u64 = 4 << 30;

/// After so many pages that took too long the others get a tenth of the time, so that a file of such pages ends.
const MAX_LATE_PAGES: u32 = 5;

/// How a document is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The password of an encrypted PDF.
    pub password: Option<String>,
    /// How to start the process that reads PDFs; by default the running program with the library found on this system.
    pub pages: Option<PagesOptions>,
    /// Leaves [`Line::words`](super::page::Line::words) empty: most of a long document's memory, for those who place nothing
    /// within a line.
    pub without_words: bool,
    /// Cancels the opening.
    pub cancel: CancelToken,
}

/// What is known of a document before its pages are read.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentInfo {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// The file's name without its folder.
    pub name: String,
    /// What the file is.
    pub kind: DocumentKind,
    /// How many pages it has.
    pub page_count: u32,
    /// Title, author and the like.
    pub metadata: Metadata,
    /// The stored table of contents.
    pub outline: Vec<OutlineItem>,
    /// Problems that did not prevent opening it.
    pub warnings: Vec<Diagnostic>,
}

/// An open document.
#[derive(Debug)]
pub struct OpenDocument {
    path: PathBuf,
    /// Of the bytes that `info.hash` is of.
    stamp: FileStamp,
    info: DocumentInfo,
    without_words: bool,
    source: Source,
    /// Pages whose layout took all the time it may take.
    late_pages: u32,
}

#[derive(Debug)]
enum Source {
    Pdf(Box<Pdf>),
    Image(Box<ImageFile>),
    Text(TextFile<File>),
}

/// Opens a document. Its content decides what it is; a file name that contradicts it causes a warning.
///
/// # Errors
/// Fails with one of the cases of [`DocumentError`] if the file as a whole cannot be read.
pub fn open(path: &Path, options: OpenOptions) -> Result<OpenDocument, DocumentError> {
    let metadata = std::fs::metadata(path).map_err(|error| DocumentError::from_io(&error, path.to_path_buf()))?;
    check_size(path, &metadata)?;
    let without_words = options.without_words;
    let io = |error: std::io::Error| DocumentError::from_io(&error, path.to_path_buf());
    let mut file = regular_file::open(path).map_err(io)?;
    // What is hashed and what is read are the same open file; where its name is needed, it is checked at the end.
    let metadata = file.metadata().map_err(io)?;
    check_size(path, &metadata)?;
    let mut stamp = FileStamp::new(&metadata);
    let (head, hash) = head_and_hash(&mut file, path, &options.cancel)?;
    file.rewind().map_err(io)?;
    let mut warnings = Vec::new();
    let (kind, source) = match look(&head, path) {
        Look::Pdf => {
            limit("the PDF", metadata.len(), MAX_PDF_BYTES, path)?;
            let pdf = Pdf::open(path, options)?;
            warnings.extend(pdf.warnings());
            (DocumentKind::Pdf, Source::Pdf(Box::new(pdf)))
        }
        Look::Image => {
            let (image, said) = ImageFile::open(path, options.pages, &options.cancel)?;
            warnings.extend(said);
            (DocumentKind::Image, Source::Image(Box::new(image)))
        }
        Look::Text => {
            let (text, said) = open_text(file, path, metadata.len(), &options.cancel)?;
            warnings.extend(said);
            (DocumentKind::Text, Source::Text(text))
        }
        Look::Other(found, advice) => {
            return Err(DocumentError::NotADocument { found, advice, path: path.to_path_buf() });
        }
    };
    // The process that reads PDFs opens the file by its name, and a text may have been rewritten after it was hashed.
    stamp.check(path, &hash)?;
    warnings.extend(misnamed(path, kind));
    let name = file_name(path);
    let (page_count, metadata, outline) = match &source {
        Source::Pdf(pdf) => {
            let info = pdf.info();
            (info.page_count, shown_metadata(&info.metadata), info.outline.iter().map(shown_entry).collect())
        }
        Source::Image(image) => (image.page_count(), Metadata::default(), Vec::new()),
        Source::Text(text) => (text.page_count(), Metadata::default(), Vec::new()),
    };
    let info = DocumentInfo { hash, name, kind, page_count, metadata, outline, warnings };
    Ok(OpenDocument { path: path.to_path_buf(), stamp, info, without_words, source, late_pages: 0 })
}

/// The file's own texts, fit to be shown.
fn shown_metadata(metadata: &Metadata) -> Metadata {
    let shown = |text: &Option<String>| text.as_deref().map(|text| printable(text).to_string());
    Metadata {
        title: shown(&metadata.title),
        author: shown(&metadata.author),
        subject: shown(&metadata.subject),
        creator: shown(&metadata.creator),
        created: shown(&metadata.created),
    }
}

fn shown_entry(entry: &OutlineItem) -> OutlineItem {
    OutlineItem { title: printable(&entry.title).to_string(), ..*entry }
}

impl OpenDocument {
    /// What is known before the pages are read.
    pub fn info(&self) -> &DocumentInfo {
        &self.info
    }

    /// Width and height of every page as displayed, in points; zero if they are not known.
    pub fn sizes_pt(&self) -> Vec<(f32, f32)> {
        let size = |index: u32| match &self.source {
            Source::Pdf(pdf) => pdf.size_pt(index + 1),
            Source::Image(image) => image.size_pt(index).unwrap_or_default(),
            Source::Text(_) => (WIDTH_PT, HEIGHT_PT),
        };
        (0..self.info.page_count).map(size).collect()
    }

    /// The printed label of every page, if the file has one.
    pub fn labels(&self) -> Vec<Option<String>> {
        match &self.source {
            Source::Pdf(pdf) => (1..=self.info.page_count).map(|number| pdf.label(number)).collect(),
            Source::Image(_) | Source::Text(_) => vec![None; self.info.page_count as usize],
        }
    }

    /// Reads the pages of `selection` (numbers from 1, read in rising order, each once); all where it is empty.
    ///
    /// `on_page` is called with each page as soon as it is read; what depends on all pages (repeated headers and
    /// footers) is only in the result. A page that cannot be read is [`PageContent::Failed`], with a warning; of many
    /// such pages only the first are named.
    ///
    /// # Errors
    /// Fails if a number is not that of a page, if the file changed since it was opened, or if the work was cancelled.
    pub fn read_pages(
        &mut self,
        selection: &[u32],
        on_page: &mut dyn FnMut(&Page),
        cancel: &CancelToken,
    ) -> Result<Warned<Document>, DocumentError> {
        let numbers = self.numbers(selection)?;
        let mut warnings = Warnings::default();
        warnings.extend(self.info.warnings.clone());
        let mut pages = Vec::with_capacity(numbers.len().min(1 << 16));
        for (position, &number) in numbers.iter().enumerate() {
            cancel.check()?;
            let next = numbers.get(position + 1).copied();
            let (mut page, said) = self.read_page(number, next, cancel)?;
            warnings.extend(said);
            if self.without_words {
                page.lines.iter_mut().for_each(|line| line.words = Vec::new());
            }
            on_page(&page);
            pages.push(page);
        }
        self.stamp.check(&self.path, &self.info.hash)?;
        finish(&mut pages);
        let info = self.info.clone();
        let document = Document {
            hash: info.hash,
            name: info.name,
            kind: info.kind,
            metadata: info.metadata,
            outline: info.outline,
            page_count: info.page_count,
            pages,
        };
        Ok(Warned { value: document, warnings: warnings.finish() })
    }

    /// Whether the file is damaged, so that some of its content may be missing from what was read. Only PDFs can lose
    /// content without a page failing.
    ///
    /// # Errors
    /// Fails if the work was cancelled.
    pub fn find_damage(&self, cancel: &CancelToken) -> Result<Option<Diagnostic>, DocumentError> {
        match &self.source {
            Source::Pdf(_) => Ok(find_damage(&self.path, cancel)?),
            Source::Image(_) | Source::Text(_) => Ok(None),
        }
    }

    /// Draws `rect` (page space) of page `number` (from 1) on white.
    ///
    /// # Errors
    /// Fails if there is no such page, if it cannot be drawn, if the result would be too large, or if the file changed since
    /// it was opened.
    pub fn render(
        &mut self,
        number: u32,
        rect: Rect,
        width_px: u32,
        height_px: u32,
    ) -> Result<RgbImage, DocumentError> {
        self.render_until(number, rect, (width_px, height_px), &CancelToken::default())
    }

    /// As [`OpenDocument::render`], and stops once `cancel` is set.
    ///
    /// # Errors
    /// As [`OpenDocument::render`], and if the work was cancelled.
    pub fn render_until(
        &mut self,
        number: u32,
        rect: Rect,
        (width_px, height_px): (u32, u32),
        cancel: &CancelToken,
    ) -> Result<RgbImage, DocumentError> {
        self.check_number(number)?;
        match &mut self.source {
            Source::Pdf(pdf) => {
                let drawn = pdf.render(number, rect, (width_px, height_px), cancel);
                self.stamp.check(&self.path, &self.info.hash)?;
                drawn
            }
            Source::Image(image) => {
                let drawn = image.render(number - 1, rect, (width_px, height_px));
                self.stamp.check(&self.path, &self.info.hash)?;
                drawn
            }
            Source::Text(_) => Err(DocumentError::NotDrawable { path: self.path.clone() }),
        }
    }

    fn numbers(&self, selection: &[u32]) -> Result<Vec<u32>, DocumentError> {
        if selection.is_empty() {
            return Ok((1..=self.info.page_count).collect());
        }
        let mut numbers = selection.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.iter().try_for_each(|&number| self.check_number(number))?;
        Ok(numbers)
    }

    fn check_number(&self, number: u32) -> Result<(), DocumentError> {
        let page_count = self.info.page_count;
        if (1..=page_count).contains(&number) {
            Ok(())
        } else {
            Err(DocumentError::NoSuchPage { number, page_count, path: self.path.clone() })
        }
    }

    fn read_page(
        &mut self,
        number: u32,
        next: Option<u32>,
        cancel: &CancelToken,
    ) -> Result<(Page, Vec<Diagnostic>), DocumentError> {
        Ok(match &mut self.source {
            Source::Pdf(pdf) => match pdf.page(number, next, cancel)? {
                Ok(raw) => {
                    let label = pdf.label(number);
                    let started = Instant::now();
                    let limit = step_time(self.late_pages);
                    let assembled = assemble_page(number, label, raw, &mut || PageClock::start(limit, cancel))?;
                    self.late_pages += u32::from(started.elapsed() >= limit);
                    assembled
                }
                Err(why) => failed(number, pdf.label(number), pdf.size_pt(number), why),
            },
            Source::Image(image) => image_page(image, number, &self.path, cancel)?,
            Source::Text(text) => match text.page(number) {
                Ok(page) => (page, Vec::new()),
                Err(error) => {
                    let why = format!("the file cannot be read ({error})");
                    failed(number, None, (WIDTH_PT, HEIGHT_PT), why)
                }
            },
        })
    }
}

/// The time for the lines of a page, and for its figures, after so many pages that took too long.
fn step_time(late_pages: u32) -> Duration {
    if late_pages < MAX_LATE_PAGES { STEP_TIME } else { STEP_TIME / 10 }
}

/// The file's name without its folder, for display: what is not Unicode is a question mark, which every font has.
pub fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    printable(&name.replace('\u{fffd}', "?")).to_string()
}

fn failed(number: u32, label: Option<String>, size_pt: (f32, f32), why: String) -> (Page, Vec<Diagnostic>) {
    let warning = Diagnostic::on_page(number, format!("the page could not be read: {why}"));
    (failed_page(number, label, size_pt, why), vec![warning])
}

/// An image is a page that is a picture.
fn image_page(
    image: &mut ImageFile,
    number: u32,
    path: &Path,
    cancel: &CancelToken,
) -> Result<(Page, Vec<Diagnostic>), DocumentError> {
    let size_pt = image.size_pt(number - 1).unwrap_or_default();
    match image.check(number - 1, cancel) {
        Ok(()) => {}
        Err(DocumentError::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(error) => {
            let message = error.to_string();
            let path = format!(": {}", path.display());
            let why = message.strip_suffix(&path).unwrap_or(&message).to_owned();
            return Ok(failed(number, None, size_pt, why));
        }
    }
    let (width_pt, height_pt) = size_pt;
    let bbox = Rect::new(0.0, 0.0, width_pt, height_pt);
    let figure = Figure { bbox, kind: FigureKind::Raster, caption: None, lines: Vec::new() };
    let page = Page {
        number,
        label: None,
        width_pt,
        height_pt,
        content: PageContent::Scan,
        lines: Vec::new(),
        figures: vec![figure],
        links: Vec::new(),
    };
    Ok((page, Vec::new()))
}

fn check_size(path: &Path, metadata: &std::fs::Metadata) -> Result<(), DocumentError> {
    let path = path.to_path_buf();
    if metadata.is_dir() {
        Err(DocumentError::IsDirectory { path })
    } else if !metadata.is_file() {
        Err(DocumentError::NotAFile { path })
    } else if metadata.len() == 0 {
        Err(DocumentError::Empty { path })
    } else {
        Ok(())
    }
}

fn limit(what: &'static str, bytes: u64, most: u64, path: &Path) -> Result<(), DocumentError> {
    if bytes <= most {
        return Ok(());
    }
    let size = format!("{} MiB of at most {}", bytes >> 20, most >> 20);
    Err(DocumentError::TooLarge { what, size, path: path.to_path_buf() })
}

/// SHA-256 of a file, in hexadecimal: the identity of a document.
///
/// # Errors
/// Returns [`DocumentError`] if the file cannot be read.
pub fn file_hash(path: &Path) -> Result<String, DocumentError> {
    let mut file = regular_file::open(path).map_err(|error| DocumentError::from_io(&error, path.to_path_buf()))?;
    head_and_hash(&mut file, path, &CancelToken::default()).map(|(_, hash)| hash)
}

fn head_and_hash(file: &mut File, path: &Path, cancel: &CancelToken) -> Result<(Vec<u8>, String), DocumentError> {
    let io = |error: std::io::Error| DocumentError::from_io(&error, path.to_path_buf());
    let mut hasher = Sha256::new();
    let mut head = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        cancel.check()?;
        let read = file.read(&mut buffer).map_err(io)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        let missing = HEAD_BYTES.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(&chunk[..missing]);
        hasher.update(chunk);
    }
    let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((head, hash))
}

fn open_text(
    file: File,
    path: &Path,
    bytes: u64,
    cancel: &CancelToken,
) -> Result<(TextFile<File>, Vec<Diagnostic>), DocumentError> {
    limit("the text file", bytes, MAX_TEXT_BYTES, path)?;
    let failed = |error: std::io::Error| match error.get_ref() {
        Some(inner) if inner.is::<Cancelled>() => DocumentError::Cancelled(Cancelled),
        _ => DocumentError::from_io(&error, path.to_path_buf()),
    };
    TextFile::open(file, cancel).map_err(failed)?.ok_or_else(|| DocumentError::Damaged {
        what: "the text file",
        detail: Some("binary data follows the text".to_owned()),
        path: path.to_path_buf(),
    })
}

/// A warning if the file name promises another kind of file.
fn misnamed(path: &Path, kind: DocumentKind) -> Option<Diagnostic> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    let promised = match extension.as_str() {
        "pdf" => DocumentKind::Pdf,
        "png" | "jpg" | "jpeg" | "tif" | "tiff" | "webp" | "bmp" | "gif" => DocumentKind::Image,
        "txt" | "md" | "markdown" => DocumentKind::Text,
        _ => return None,
    };
    let found = match kind {
        DocumentKind::Pdf => "a PDF",
        DocumentKind::Image => "an image",
        DocumentKind::Text => "text",
    };
    (promised != kind).then(|| Diagnostic::general(format!("the file is named .{extension} but is {found}")))
}
