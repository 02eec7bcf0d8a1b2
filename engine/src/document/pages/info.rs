//! A PDF's own metadata: number and sizes of pages, labels, title, table of contents.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::page::{Metadata, OutlineItem};
use super::pdfium::{Handle, PdfFile, utf16_of};
use super::wire::{Extras, FileInfo, MAX_OUTLINE, MAX_OUTLINE_DEPTH};

/// Longest label or title, in characters; the rest is cut off.
const MAX_NAME: usize = 300;

/// Most time for the labels, and again for the table of contents.
const MAX_TIME: Duration = Duration::from_secs(4);

/// Kind of an action that leads to a page of the same document.
const ACTION_GO_TO: u64 = 1;

/// Reads what every file has.
pub(super) fn file_info(file: &PdfFile) -> FileInfo {
    let page_count = file.page_count();
    FileInfo {
        page_count,
        claimed_pages: file.claimed_pages(),
        sizes_pt: (0..page_count).map(|index| size_pt(file, index)).collect(),
        metadata: Metadata {
            title: metadata(file, "Title"),
            author: metadata(file, "Author"),
            subject: metadata(file, "Subject"),
            creator: metadata(file, "Creator"),
            created: metadata(file, "CreationDate"),
        },
        ..FileInfo::default()
    }
}

/// Reads what a file need not have.
pub(super) fn extras(file: &PdfFile) -> Extras {
    let deadline = Instant::now() + MAX_TIME;
    let page_count = file.page_count();
    let mut labels: Vec<Option<String>> =
        (0..page_count).map_while(|index| (Instant::now() < deadline).then(|| label(file, index))).collect();
    let labels_cut = labels.len() < page_count as usize;
    if labels.iter().all(Option::is_none) {
        labels = Vec::new();
    }
    let (outline, outline_cut) = outline(file);
    Extras { labels, outline, truncated: labels_cut || outline_cut }
}

/// The text without what is beyond [`MAX_NAME`].
fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_NAME) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// Zero where the file gives no finite size.
fn size_pt(file: &PdfFile, index: u32) -> (f32, f32) {
    file.page_size(index).filter(|(width, height)| width.is_finite() && height.is_finite()).unwrap_or_default()
}

fn label(file: &PdfFile, index: u32) -> Option<String> {
    let label = utf16_of(|buffer, length| {
        // SAFETY: the handle is valid and the buffer has `length` bytes.
        unsafe { file.calls().FPDF_GetPageLabel(file.handle().cast(), index as i32, buffer, length) }
    });
    label.map(cut)
}

fn metadata(file: &PdfFile, tag: &str) -> Option<String> {
    utf16_of(|buffer, length| {
        // SAFETY: the handle is valid and the buffer has `length` bytes.
        unsafe { file.calls().FPDF_GetMetaText(file.handle().cast(), tag, buffer, length) }
    })
}

/// Walks the tree of bookmarks in reading order. Trees in hostile files may have cycles, so each bookmark counts once.
/// Says whether a limit left some out.
fn outline(file: &PdfFile) -> (Vec<OutlineItem>, bool) {
    let deadline = Instant::now() + MAX_TIME;
    let calls = file.calls();
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    // SAFETY: the handle is valid; no bookmark as parent means the root.
    let first: Handle = unsafe { calls.FPDFBookmark_GetFirstChild(file.handle().cast(), std::ptr::null_mut()) }.cast();
    let mut open = vec![(first, 0_u16)];
    while let Some((bookmark, depth)) = open.pop() {
        if bookmark.is_null() || !seen.insert(bookmark as usize) {
            continue;
        }
        if items.len() >= MAX_OUTLINE || Instant::now() >= deadline {
            return (items, true);
        }
        let title = utf16_of(|buffer, length| {
            // SAFETY: the bookmark is valid as long as the document, and the buffer has `length` bytes.
            unsafe { calls.FPDFBookmark_GetTitle(bookmark.cast(), buffer, length) }
        });
        if let Some(title) = title {
            items.push(OutlineItem { title: cut(title), page: bookmark_page(file, bookmark), depth });
        }
        // SAFETY: document and bookmark are valid.
        let (sibling, child): (Handle, Handle) = unsafe {
            (
                calls.FPDFBookmark_GetNextSibling(file.handle().cast(), bookmark.cast()).cast(),
                calls.FPDFBookmark_GetFirstChild(file.handle().cast(), bookmark.cast()).cast(),
            )
        };
        open.push((sibling, depth));
        if depth < MAX_OUTLINE_DEPTH {
            open.push((child, depth + 1));
        }
    }
    (items, false)
}

/// The page, counted from 1, that a bookmark leads to.
fn bookmark_page(file: &PdfFile, bookmark: Handle) -> Option<u32> {
    let calls = file.calls();
    // SAFETY: document and bookmark are valid, and so are a destination and an action got from them.
    unsafe {
        let mut destination = calls.FPDFBookmark_GetDest(file.handle().cast(), bookmark.cast());
        if destination.is_null() {
            let action = calls.FPDFBookmark_GetAction(bookmark.cast());
            if action.is_null() || u64::from(calls.FPDFAction_GetType(action) as u32) != ACTION_GO_TO {
                return None;
            }
            destination = calls.FPDFAction_GetDest(file.handle().cast(), action);
        }
        page_of_destination(file, destination.cast())
    }
}

/// The page, counted from 1, of a destination.
pub(super) fn page_of_destination(file: &PdfFile, destination: Handle) -> Option<u32> {
    if destination.is_null() {
        return None;
    }
    // SAFETY: document and destination are valid.
    let index = unsafe { file.calls().FPDFDest_GetDestPageIndex(file.handle().cast(), destination.cast()) };
    u32::try_from(index).ok().filter(|&index| index < file.page_count()).map(|index| index + 1)
}
