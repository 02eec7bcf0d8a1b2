//! The links of a page.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use super::super::raw::{LinkTarget, MAX_LINKS, RawLink};
use super::info::page_of_destination;
use super::page_space::PageSpace;
use super::pdfium::{Handle, PdfFile, PdfPage, bytes_of};

const ACTION_GO_TO: u32 = 1;
const ACTION_URI: u32 = 3;

/// The links in file order, without those that lead to other files or start programs.
pub(super) fn read_links(file: &PdfFile, page: &PdfPage<'_>, space: &PageSpace) -> Vec<RawLink> {
    let calls = page.calls();
    let mut links = Vec::new();
    let mut position = 0;
    while links.len() < MAX_LINKS {
        let before = position;
        let mut link = std::ptr::null_mut();
        // SAFETY: the handle is valid, and both places written to outlive the call.
        let found = unsafe { calls.FPDFLink_Enumerate(page.handle().cast(), &raw mut position, &raw mut link) };
        if found == 0 || position <= before {
            break;
        }
        // SAFETY: a struct of four numbers may be all zeros; the link lives as long as the page.
        let (placed, place) = unsafe {
            let mut place = std::mem::zeroed();
            let placed = calls.FPDFLink_GetAnnotRect(link, &raw mut place);
            (placed, place)
        };
        let bbox = space.rect(place.left, place.bottom, place.right, place.top).filter(|_| placed != 0);
        if let (Some(bbox), Some(target)) = (bbox, target(file, link.cast())) {
            links.push(RawLink { bbox, target });
        }
    }
    links
}

fn target(file: &PdfFile, link: Handle) -> Option<LinkTarget> {
    let calls = file.calls();
    let document = file.handle();
    // SAFETY: document and link are valid, and so are a destination and an action got from them.
    unsafe {
        let destination = calls.FPDFLink_GetDest(document.cast(), link.cast());
        if !destination.is_null() {
            return page_of_destination(file, destination.cast()).map(LinkTarget::Page);
        }
        let action = calls.FPDFLink_GetAction(link.cast());
        if action.is_null() {
            return None;
        }
        match calls.FPDFAction_GetType(action) as u32 {
            ACTION_GO_TO => page_of_destination(file, calls.FPDFAction_GetDest(document.cast(), action).cast())
                .map(LinkTarget::Page),
            ACTION_URI => {
                let mut uri =
                    bytes_of(|buffer, length| calls.FPDFAction_GetURIPath(document.cast(), action, buffer, length));
                uri.retain(|&byte| byte != 0);
                let uri = String::from_utf8_lossy(&uri).into_owned();
                (!uri.is_empty()).then_some(LinkTarget::Uri(uri))
            }
            _ => None,
        }
    }
}
