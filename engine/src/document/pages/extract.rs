//! A page of a PDF as plain data.

use super::super::geometry::Rect;
use super::super::raw::{RawLink, RawPage};
use super::links::read_links;
use super::objects::read_objects;
use super::page_space::PageSpace;
use super::pdfium::{PdfFile, PdfPage};
use super::render::render;
use super::text::read_chars;
use super::wire::{Fault, Pixels};

/// The content of page `index`.
pub(super) fn read_page(file: &PdfFile, index: u32) -> Result<RawPage, Fault> {
    let (page, space, links) = load(file, index)?;
    let (width_pt, height_pt) = space.size();
    let (objects, objects_cut) = read_objects(&page, &space);
    let (chars, fonts, chars_cut) = page.text().map(|text| read_chars(&text, &space)).unwrap_or_default();
    Ok(RawPage {
        width_pt,
        height_pt,
        rotation_deg: space.rotation_deg(),
        chars,
        fonts,
        objects,
        links,
        truncated: objects_cut || chars_cut,
    })
}

/// Draws a rectangle of page `index`.
pub(super) fn render_page(
    file: &PdfFile,
    index: u32,
    rect: &Rect,
    width_px: u32,
    height_px: u32,
) -> Result<Pixels, Fault> {
    let (page, space, _) = load(file, index)?;
    render(&page, &space, rect, width_px, height_px)
}

/// Loads a page with its form fields and annotations flattened into it. Flattening removes the links, so they are read
/// before and kept for next time.
fn load(file: &PdfFile, index: u32) -> Result<(PdfPage<'_>, PageSpace, Vec<RawLink>), Fault> {
    let page = file.page(index)?;
    let space = page.space().ok_or(Fault::PageDamaged)?;
    let links = file.kept_links(index).unwrap_or_else(|| read_links(file, &page, &space));
    if !page.has_annotations() {
        return Ok((page, space, links));
    }
    file.keep_links(index, &links);
    page.flatten();
    drop(page);
    let page = file.page(index)?;
    let space = page.space().ok_or(Fault::PageDamaged)?;
    Ok((page, space, links))
}
