//! What is drawn on a page besides text: paths, images and shadings, with form objects expanded.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use super::super::geometry::Rect;
use super::super::raw::{MAX_OBJECTS, RawObject, RawObjectKind};
use super::page_space::{Matrix, PageSpace};
use super::pdfium::{Handle, PdfPage};

/// Deepest nesting of form objects.
const MAX_DEPTH: u8 = 12;

/// Most segments of a path that are examined for curves, or for the extent of a clip.
const MAX_SEGMENTS: i32 = 64;

/// Most clip paths of an object that are examined.
const MAX_CLIPS: i32 = 8;

const KIND_PATH: i64 = 2;
const KIND_IMAGE: i64 = 3;
const KIND_SHADING: i64 = 4;
const KIND_FORM: i64 = 5;
const SEGMENT_CURVE: i64 = 1;

/// The objects in drawing order, and whether there were more than [`MAX_OBJECTS`].
pub(super) fn read_objects(page: &PdfPage<'_>, space: &PageSpace) -> (Vec<RawObject>, bool) {
    let mut walk = Walk { page, space, objects: Vec::new(), visited: 0, truncated: false, forms: 0 };
    // SAFETY: the handle is valid.
    let count = unsafe { page.calls().FPDFPage_CountObjects(page.handle().cast()) };
    for index in 0..count {
        // SAFETY: the handle is valid and the index within bounds.
        let object: Handle = unsafe { page.calls().FPDFPage_GetObject(page.handle().cast(), index) }.cast();
        if !walk.visit(object, &Matrix::IDENTITY, 0, 0) {
            break;
        }
    }
    (walk.objects, walk.truncated)
}

struct Walk<'a> {
    page: &'a PdfPage<'a>,
    space: &'a PageSpace,
    objects: Vec<RawObject>,
    visited: usize,
    truncated: bool,
    forms: u32,
}

impl Walk<'_> {
    /// Adds one object; `to_page` maps its space to user space. Says whether to go on.
    fn visit(&mut self, object: Handle, to_page: &Matrix, form: u32, depth: u8) -> bool {
        if object.is_null() {
            return true;
        }
        self.visited += 1;
        if self.visited > MAX_OBJECTS {
            self.truncated = true;
            return false;
        }
        // SAFETY: the object lives as long as the page.
        match i64::from(unsafe { self.page.calls().FPDFPageObj_GetType(object.cast()) }) {
            KIND_FORM => return self.visit_form(object, to_page, form, depth),
            KIND_PATH => {
                if let Some(kind) = self.path(object) {
                    self.push(object, kind, to_page, form);
                }
            }
            KIND_IMAGE => self.push(object, self.image(object), to_page, form),
            KIND_SHADING => self.push(object, RawObjectKind::Shading, to_page, form),
            _ => {}
        }
        true
    }

    fn visit_form(&mut self, object: Handle, to_page: &Matrix, form: u32, depth: u8) -> bool {
        if depth >= MAX_DEPTH {
            self.truncated = true;
            return true;
        }
        let form = if form == 0 {
            self.forms += 1;
            self.forms
        } else {
            form
        };
        let to_page = self.matrix(object).then(to_page);
        // SAFETY: the object is a form object that lives as long as the page.
        let count = unsafe { self.page.calls().FPDFFormObj_CountObjects(object.cast()) };
        for index in 0..count {
            // SAFETY: as above, and the index is within bounds.
            let child: Handle =
                unsafe { self.page.calls().FPDFFormObj_GetObject(object.cast(), index as std::ffi::c_ulong) }.cast();
            if !self.visit(child, &to_page, form, depth + 1) {
                return false;
            }
        }
        true
    }

    /// Keeps an object with the part of its box that is on the page and inside its clip.
    fn push(&mut self, object: Handle, kind: RawObjectKind, to_page: &Matrix, form: u32) {
        let Some(mut bounds) = self.bounds(object) else { return };
        if let Some(clip) = self.clip(object) {
            if !bounds.touches(&clip) {
                return;
            }
            bounds = bounds.intersection(&clip);
        }
        let bounds = to_page.bounds(&bounds);
        let Some(bbox) = self.space.rect(bounds.left, bounds.top, bounds.right, bounds.bottom) else { return };
        let page = self.space.page();
        if bbox.touches(&page) {
            self.objects.push(RawObject { kind, bbox: bbox.intersection(&page), form });
        }
    }

    fn bounds(&self, object: Handle) -> Option<Rect> {
        let (mut left, mut bottom, mut right, mut top) = (0.0, 0.0, 0.0, 0.0);
        // SAFETY: the object lives as long as the page, and the four numbers outlive the call.
        let found = unsafe {
            self.page.calls().FPDFPageObj_GetBounds(
                object.cast(),
                &raw mut left,
                &raw mut bottom,
                &raw mut right,
                &raw mut top,
            )
        };
        Some(Rect::new(left, bottom, right, top)).filter(|bounds| found != 0 && bounds.is_finite())
    }

    /// The bounding rectangle of what the clip paths of an object leave, in the object's space.
    fn clip(&self, object: Handle) -> Option<Rect> {
        let calls = self.page.calls();
        // SAFETY: the object lives as long as the page, and so does its clip path.
        let (clip, paths): (Handle, i32) = unsafe {
            let clip = calls.FPDFPageObj_GetClipPath(object.cast());
            if clip.is_null() {
                return None;
            }
            (clip.cast(), calls.FPDFClipPath_CountPaths(clip))
        };
        let mut left_over: Option<Rect> = None;
        for path in 0..paths.min(MAX_CLIPS) {
            if let Some(extent) = self.clip_extent(clip, path) {
                left_over = Some(left_over.map_or(extent, |so_far| so_far.intersection(&extent)));
            }
        }
        left_over
    }

    /// The bounding rectangle of one clip path; `None` if it is too long to examine.
    fn clip_extent(&self, clip: Handle, path: i32) -> Option<Rect> {
        let calls = self.page.calls();
        // SAFETY: the clip path is valid and the index within bounds.
        let segments = unsafe { calls.FPDFClipPath_CountPathSegments(clip.cast(), path) };
        if !(1..=MAX_SEGMENTS).contains(&segments) {
            return None;
        }
        let mut extent: Option<Rect> = None;
        for segment in 0..segments {
            let (mut x, mut y) = (0.0, 0.0);
            // SAFETY: the clip path is valid, the indices are within bounds, and both numbers outlive the call.
            let found = unsafe {
                let segment = calls.FPDFClipPath_GetPathSegment(clip.cast(), path, segment);
                !segment.is_null() && calls.FPDFPathSegment_GetPoint(segment, &raw mut x, &raw mut y) != 0
            };
            if found {
                let point = Rect::new(x, y, x, y);
                extent = Some(extent.map_or(point, |so_far| so_far.union(&point)));
            }
        }
        extent.filter(Rect::is_finite)
    }

    fn matrix(&self, object: Handle) -> Matrix {
        // SAFETY: a struct of six numbers may be all zeros; the object lives as long as the page.
        let (found, matrix) = unsafe {
            let mut matrix = std::mem::zeroed();
            let found = self.page.calls().FPDFPageObj_GetMatrix(object.cast(), &raw mut matrix);
            (found, matrix)
        };
        if found == 0 {
            return Matrix::IDENTITY;
        }
        Matrix { a: matrix.a, b: matrix.b, c: matrix.c, d: matrix.d, e: matrix.e, f: matrix.f }
    }

    fn image(&self, object: Handle) -> RawObjectKind {
        let (mut width_px, mut height_px) = (0, 0);
        // SAFETY: the object is an image that lives as long as the page, and both numbers outlive the call.
        unsafe {
            self.page.calls().FPDFImageObj_GetImagePixelSize(object.cast(), &raw mut width_px, &raw mut height_px)
        };
        RawObjectKind::Image { width_px, height_px }
    }

    /// A path; `None` if it leaves no ink.
    fn path(&self, object: Handle) -> Option<RawObjectKind> {
        let calls = self.page.calls();
        let (mut fill, mut stroke) = (0, 0);
        // SAFETY: the object is a path that lives as long as the page, and both numbers outlive the call.
        let segments = unsafe {
            calls.FPDFPath_GetDrawMode(object.cast(), &raw mut fill, &raw mut stroke);
            calls.FPDFPath_CountSegments(object.cast())
        };
        let (filled, stroked) = (fill != 0, stroke != 0);
        if !filled && !stroked {
            return None;
        }
        let curved = (0..segments.min(MAX_SEGMENTS)).any(|index| {
            // SAFETY: as above, and the index is within bounds.
            unsafe {
                let segment = calls.FPDFPath_GetPathSegment(object.cast(), index);
                !segment.is_null() && i64::from(calls.FPDFPathSegment_GetType(segment)) == SEGMENT_CURVE
            }
        });
        Some(RawObjectKind::Path {
            stroked,
            filled,
            fill_rgba: self.colour(object, Ink::Fill),
            stroke_rgba: self.colour(object, Ink::Stroke),
            segments: u32::try_from(segments).unwrap_or(0),
            curved,
        })
    }

    /// Red, green, blue, alpha; transparent black where PDFium does not say.
    fn colour(&self, object: Handle, ink: Ink) -> [u8; 4] {
        let calls = self.page.calls();
        let (mut r, mut g, mut b, mut a) = (0, 0, 0, 0);
        // SAFETY: the object lives as long as the page, and the four numbers outlive the call.
        unsafe {
            match ink {
                Ink::Fill => {
                    calls.FPDFPageObj_GetFillColor(object.cast(), &raw mut r, &raw mut g, &raw mut b, &raw mut a)
                }
                Ink::Stroke => {
                    calls.FPDFPageObj_GetStrokeColor(object.cast(), &raw mut r, &raw mut g, &raw mut b, &raw mut a)
                }
            }
        };
        [r, g, b, a].map(|part| part.min(255) as u8)
    }
}

#[derive(Clone, Copy)]
enum Ink {
    Fill,
    Stroke,
}
