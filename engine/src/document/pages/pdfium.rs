//! PDFium's handles with owners: a library, documents, pages and their text.
//!
//! The only place that calls PDFium besides its neighbours `text`, `objects` and `render`, which use the handles
//! defined here. PDFium's pointers are kept untyped because `pdfium-render` does not name their types.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::{c_ulong, c_void};
use std::path::Path;
use std::rc::Rc;

use memmap2::Mmap;
use pdfium_render::prelude::{Pdfium, PdfiumError, PdfiumLibraryBindings};

use super::super::raw::RawLink;
use super::page_space::PageSpace;
use super::wire::{Fault, MAX_LISTED_PAGES};

/// An untyped PDFium handle.
pub(super) type Handle = *mut c_void;

/// Longest string read from a file, in bytes.
const MAX_STRING: usize = 1 << 16;

/// Error codes of `FPDF_GetLastError`.
const ERROR_PASSWORD: u64 = 4;
const ERROR_SECURITY: u64 = 5;

/// More missing pages than this at the end of a file are taken for a wrong count rather than for pages that were lost.
const MAX_MISSING: u32 = 100;

/// Subtype of link annotations.
const ANNOTATION_LINK: i64 = 2;

/// PDFium, loaded and initialised. One per process, used by one thread.
pub(super) struct Library {
    bindings: Box<dyn PdfiumLibraryBindings>,
}

impl Library {
    /// Loads the library at `path`.
    pub(super) fn load(path: &Path) -> Result<Rc<Self>, Fault> {
        let bindings = Pdfium::bind_to_library(path).map_err(|error| Fault::Library(cause(&error)))?;
        // SAFETY: called once, before every other function of the library.
        unsafe { bindings.FPDF_InitLibrary() };
        Ok(Rc::new(Self { bindings }))
    }

    /// PDFium's functions.
    pub(super) fn calls(&self) -> &dyn PdfiumLibraryBindings {
        self.bindings.as_ref()
    }
}

/// The system's message about a library that cannot be loaded.
fn cause(error: &PdfiumError) -> String {
    let PdfiumError::LoadLibraryError(error) = error else { return format!("{error:?}") };
    let mut innermost: &dyn Error = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}

/// An open PDF.
pub(super) struct PdfFile {
    library: Rc<Library>,
    handle: Handle,
    /// How many pages there are; counted when the file is opened.
    page_count: u32,
    /// Links of the pages that were flattened, by index.
    links: RefCell<BTreeMap<u32, Vec<RawLink>>>,
    /// The bytes that `handle` reads; dropped after it is closed.
    _bytes: Mmap,
}

impl PdfFile {
    /// Opens a PDF from its bytes.
    pub(super) fn open(library: &Rc<Library>, bytes: Mmap, password: Option<&str>) -> Result<Self, Fault> {
        let calls = library.calls();
        // A password with a NUL inside cannot be passed to a C library.
        let password = password.filter(|password| !password.contains('\0'));
        // SAFETY: the library is initialised; `bytes` is kept until the document is closed.
        let handle: Handle = unsafe { calls.FPDF_LoadMemDocument64(&bytes, password) }.cast();
        if handle.is_null() {
            // SAFETY: the library is initialised.
            let code = u64::from(unsafe { calls.FPDF_GetLastError() } as u32);
            return Err(match code {
                ERROR_PASSWORD if password.is_some_and(|password| !password.is_empty()) => Fault::WrongPassword,
                ERROR_PASSWORD => Fault::NeedsPassword,
                ERROR_SECURITY => Fault::UnknownEncryption,
                0 => Fault::ZeroPages,
                _ => Fault::Damaged,
            });
        }
        let library = Rc::clone(library);
        let mut file = Self { library, handle, page_count: 0, links: RefCell::default(), _bytes: bytes };
        file.page_count = file.count_pages();
        Ok(file)
    }

    /// PDFium's functions.
    pub(super) fn calls(&self) -> &dyn PdfiumLibraryBindings {
        self.library.calls()
    }

    /// The handle, valid as long as `self`.
    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// Number of pages: those that exist, at most [`MAX_LISTED_PAGES`].
    pub(super) fn page_count(&self) -> u32 {
        self.page_count
    }

    /// Counts the pages up to the last one that exists. A few missing ones at the end are lost pages and count too; many
    /// are a count that is wrong.
    fn count_pages(&self) -> u32 {
        let claimed = self.claimed_pages().min(MAX_LISTED_PAGES);
        let existing = (0..claimed).rev().find(|&index| self.page_size(index).is_some()).map_or(0, |last| last + 1);
        if claimed - existing <= MAX_MISSING { claimed } else { existing }
    }

    /// How many pages the file says it has.
    pub(super) fn claimed_pages(&self) -> u32 {
        // SAFETY: the handle is valid.
        let count = unsafe { self.calls().FPDF_GetPageCount(self.handle.cast()) };
        u32::try_from(count).unwrap_or(0)
    }

    /// The links of a page that was flattened.
    pub(super) fn kept_links(&self, index: u32) -> Option<Vec<RawLink>> {
        self.links.borrow().get(&index).cloned()
    }

    /// Keeps the links of a page that is about to be flattened.
    pub(super) fn keep_links(&self, index: u32, links: &[RawLink]) {
        self.links.borrow_mut().insert(index, links.to_vec());
    }

    /// Width and height of page `index` as displayed, in points, without loading it.
    pub(super) fn page_size(&self, index: u32) -> Option<(f32, f32)> {
        // SAFETY: a struct of two numbers may be all zeros; the handle is valid and `size` outlives the call.
        unsafe {
            let mut size = std::mem::zeroed();
            let found = self.calls().FPDF_GetPageSizeByIndexF(self.handle.cast(), index as i32, &raw mut size);
            (found != 0).then_some((size.width, size.height))
        }
    }

    /// Loads page `index`.
    pub(super) fn page(&self, index: u32) -> Result<PdfPage<'_>, Fault> {
        if index >= self.page_count() {
            return Err(Fault::OutOfBounds);
        }
        // SAFETY: the handle is valid and the index within bounds.
        let handle: Handle = unsafe { self.calls().FPDF_LoadPage(self.handle.cast(), index as i32) }.cast();
        if handle.is_null() { Err(Fault::PageDamaged) } else { Ok(PdfPage { file: self, handle }) }
    }
}

impl Drop for PdfFile {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and pages borrow `self`, so none is open.
        unsafe { self.calls().FPDF_CloseDocument(self.handle.cast()) };
    }
}

/// A loaded page.
pub(super) struct PdfPage<'file> {
    file: &'file PdfFile,
    handle: Handle,
}

impl PdfPage<'_> {
    /// PDFium's functions.
    pub(super) fn calls(&self) -> &dyn PdfiumLibraryBindings {
        self.file.calls()
    }

    /// The handle, valid as long as `self`.
    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// How the page is displayed; `None` if the file gives it no finite size.
    pub(super) fn space(&self) -> Option<PageSpace> {
        // SAFETY: a struct of four numbers may be all zeros; the handle is valid and `bounds` outlives the call.
        let (found, bounds) = unsafe {
            let mut bounds = std::mem::zeroed();
            let found = self.calls().FPDF_GetPageBoundingBox(self.handle.cast(), &raw mut bounds);
            (found, bounds)
        };
        // SAFETY: the handle is valid.
        let turns = unsafe { self.calls().FPDFPage_GetRotation(self.handle.cast()) };
        let turns = u16::try_from(turns.rem_euclid(4)).unwrap_or(0);
        let space = PageSpace::new(bounds.left, bounds.bottom, bounds.right, bounds.top, turns);
        let (width, height) = space.size();
        (found != 0 && width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0).then_some(space)
    }

    /// Whether the page has annotations other than links: notes, stamps or form fields.
    pub(super) fn has_annotations(&self) -> bool {
        /// Looking further would not change the result.
        const LOOKED_AT: i32 = 10_000;
        let calls = self.calls();
        // SAFETY: the handle is valid.
        let count = unsafe { calls.FPDFPage_GetAnnotCount(self.handle.cast()) };
        (0..count.min(LOOKED_AT)).any(|index| {
            // SAFETY: the page is valid and the index within bounds; the annotation is closed after its last use.
            unsafe {
                let annotation = calls.FPDFPage_GetAnnot(self.handle.cast(), index);
                if annotation.is_null() {
                    return false;
                }
                let subtype = i64::from(calls.FPDFAnnot_GetSubtype(annotation));
                calls.FPDFPage_CloseAnnot(annotation);
                subtype != ANNOTATION_LINK
            }
        })
    }

    /// Flattens annotations and form fields into the page, in memory. The page has to be loaded again.
    pub(super) fn flatten(&self) {
        // SAFETY: the handle is valid. A page that cannot be flattened is left as it was.
        unsafe { self.calls().FPDFPage_Flatten(self.handle.cast(), 0) };
    }

    /// The page's text.
    pub(super) fn text(&self) -> Option<PdfText<'_>> {
        // SAFETY: the handle is valid.
        let handle: Handle = unsafe { self.calls().FPDFText_LoadPage(self.handle.cast()) }.cast();
        (!handle.is_null()).then_some(PdfText { page: self, handle })
    }
}

impl Drop for PdfPage<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and texts borrow `self`, so none is open.
        unsafe { self.calls().FPDF_ClosePage(self.handle.cast()) };
    }
}

/// The text of a page.
pub(super) struct PdfText<'page> {
    page: &'page PdfPage<'page>,
    handle: Handle,
}

impl PdfText<'_> {
    /// PDFium's functions.
    pub(super) fn calls(&self) -> &dyn PdfiumLibraryBindings {
        self.page.calls()
    }

    /// The handle, valid as long as `self`.
    pub(super) fn handle(&self) -> Handle {
        self.handle
    }
}

impl Drop for PdfText<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is valid.
        unsafe { self.calls().FPDFText_ClosePage(self.handle.cast()) };
    }
}

/// Reads a string in the two calls that PDFium needs: `call` gets a buffer and its length in bytes, and returns the
/// length of the string in bytes.
pub(super) fn bytes_of(call: impl Fn(*mut c_void, c_ulong) -> c_ulong) -> Vec<u8> {
    let length = (call(std::ptr::null_mut(), 0) as usize).min(MAX_STRING);
    let mut buffer = vec![0; length];
    if length == 0 || call(buffer.as_mut_ptr().cast(), length as c_ulong) as usize > length {
        return Vec::new();
    }
    buffer
}

/// The same for zero-terminated strings in UTF-16 (little endian); `None` if there is nothing but blanks.
pub(super) fn utf16_of(call: impl Fn(*mut c_void, c_ulong) -> c_ulong) -> Option<String> {
    let units: Vec<u16> = bytes_of(call).chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16_lossy(&units);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
