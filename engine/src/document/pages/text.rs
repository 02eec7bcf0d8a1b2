//! The characters of a page with boxes, fonts and directions.
#![expect(unsafe_code, reason = "PDFium is a C library")]

use std::collections::BTreeMap;

use super::super::geometry::Rect;
use super::super::raw::{MAX_CHARS, RawChar, RawFont};
use super::page_space::{Matrix, PageSpace};
use super::pdfium::{Handle, PdfText, bytes_of};
use super::unmapped::{Unmapped, settle};

/// Text render modes that leave no ink: invisible, and clipping only.
const NO_INK: [i64; 2] = [3, 7];

/// Bit of the font descriptor's flags that says italic.
const FLAG_ITALIC: i32 = 1 << 6;

/// What PDFium inserts for a hyphen at a line's end, besides the real ones.
const HYPHEN_MARKS: [u32; 2] = [0x2, 0xfffe];

/// The characters, their fonts, and whether there were more than [`MAX_CHARS`].
pub(super) fn read_chars(text: &PdfText<'_>, space: &PageSpace) -> (Vec<RawChar>, Vec<RawFont>, bool) {
    // SAFETY: the handle is valid.
    let count = unsafe { text.calls().FPDFText_CountChars(text.handle().cast()) };
    let count = usize::try_from(count).unwrap_or(0);
    let mut reader = Reader { text, space, fonts: Vec::new(), known: BTreeMap::new(), run: None };
    let page = space.page();
    let mut chars: Vec<RawChar> = Vec::with_capacity(count.min(MAX_CHARS));
    let mut unmapped = Vec::new();
    for index in 0..count.min(MAX_CHARS) {
        if let Some(read) = reader.char_at(index as i32)
            && (read.generated || read.loose.touches(&page))
        {
            if let Some(font) = reader.unmapped_font(index as i32) {
                unmapped.push(Unmapped { place: chars.len(), font });
            }
            chars.push(read);
        }
    }
    settle(&mut chars, &unmapped);
    (chars, reader.fonts, count > MAX_CHARS)
}

/// The meaning of PDFium's number for a character.
fn unicode(code: u32, hyphen: bool) -> char {
    if HYPHEN_MARKS.contains(&code) && (hyphen || code == HYPHEN_MARKS[0]) {
        return '-';
    }
    char::from_u32(code).filter(|&c| c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
}

struct Reader<'a> {
    text: &'a PdfText<'a>,
    space: &'a PageSpace,
    fonts: Vec<RawFont>,
    known: BTreeMap<(String, u16, bool), u16>,
    run: Option<Run>,
}

/// What all characters of one text object share.
#[derive(Clone, Copy)]
struct Run {
    object: Handle,
    font: u16,
    size: f32,
    invisible: bool,
    angle_deg: f32,
}

impl Reader<'_> {
    /// The character at `index`; `None` if PDFium has no position for it.
    fn char_at(&mut self, index: i32) -> Option<RawChar> {
        let (calls, handle) = (self.text.calls(), self.text.handle());
        // SAFETY: the handle is valid and the index within bounds, here and in the next calls.
        let generated = unsafe { calls.FPDFText_IsGenerated(handle.cast(), index) } == 1;
        // SAFETY: as above.
        let hyphen = unsafe { calls.FPDFText_IsHyphen(handle.cast(), index) } == 1;
        // SAFETY: as above.
        let code = unsafe { calls.FPDFText_GetUnicode(handle.cast(), index) };
        let run = self.run_at(index, generated);
        let (loose, tight) = self.boxes(index)?;
        let (origin_x, origin_y) = self.origin(index)?;
        Some(RawChar {
            unicode: unicode(code, hyphen),
            loose,
            tight,
            origin_x,
            origin_y,
            angle_deg: run.angle_deg,
            font_size_pt: run.size,
            font: run.font,
            generated,
            hyphen,
            invisible: run.invisible,
        })
    }

    /// The font of the character at `index`, if that font does not say what the character means.
    fn unmapped_font(&self, index: i32) -> Option<usize> {
        let calls = self.text.calls();
        // SAFETY: the handle is valid and the index within bounds.
        let unmapped = unsafe { calls.FPDFText_HasUnicodeMapError(self.text.handle().cast(), index) } == 1;
        let object = self.run.filter(|_| unmapped)?.object;
        if object.is_null() {
            return Some(0);
        }
        // SAFETY: the object is a text object that lives as long as the page. Its font is only told from others.
        Some(unsafe { calls.FPDFTextObj_GetFont(object.cast()) } as usize)
    }

    /// Loose and tight box in page space.
    fn boxes(&self, index: i32) -> Option<(Rect, Rect)> {
        let (calls, handle) = (self.text.calls(), self.text.handle());
        let (mut left, mut right, mut bottom, mut top) = (0.0, 0.0, 0.0, 0.0);
        // SAFETY: the handle is valid, the index within bounds, and the four numbers outlive the call.
        let tight = unsafe {
            calls.FPDFText_GetCharBox(
                handle.cast(),
                index,
                &raw mut left,
                &raw mut right,
                &raw mut bottom,
                &raw mut top,
            )
        };
        let tight =
            if tight == 0 { None } else { self.space.rect(left as f32, bottom as f32, right as f32, top as f32) };
        // SAFETY: a struct of four numbers may be all zeros; the handle is valid and `bounds` outlives the call.
        let (found, bounds) = unsafe {
            let mut bounds = std::mem::zeroed();
            let found = calls.FPDFText_GetLooseCharBox(handle.cast(), index, &raw mut bounds);
            (found, bounds)
        };
        let loose =
            if found == 0 { None } else { self.space.rect(bounds.left, bounds.bottom, bounds.right, bounds.top) };
        let loose = loose.or(tight)?;
        let empty = Rect { right: loose.left, bottom: loose.top, ..loose };
        Some((loose, tight.unwrap_or(empty)))
    }

    fn origin(&self, index: i32) -> Option<(f32, f32)> {
        let (mut x, mut y) = (0.0, 0.0);
        // SAFETY: the handle is valid, the index within bounds, and both numbers outlive the call.
        let found = unsafe {
            self.text.calls().FPDFText_GetCharOrigin(self.text.handle().cast(), index, &raw mut x, &raw mut y)
        };
        let (x, y) = self.space.point(x as f32, y as f32);
        (found != 0 && x.is_finite() && y.is_finite()).then_some((x, y))
    }

    /// Font, size and direction at `index`. Characters inserted by PDFium have none and take those of their neighbour.
    fn run_at(&mut self, index: i32, generated: bool) -> Run {
        let (calls, handle) = (self.text.calls(), self.text.handle());
        // SAFETY: the handle is valid and the index within bounds.
        let object: Handle = unsafe { calls.FPDFText_GetTextObject(handle.cast(), index) }.cast();
        if let Some(run) = self.run
            && (run.object == object || (generated && object.is_null()))
        {
            return run;
        }
        let matrix = self.matrix(index);
        // SAFETY: the handle is valid and the index within bounds.
        let size = unsafe { calls.FPDFText_GetFontSize(handle.cast(), index) } as f32;
        let shown = size * matrix.c.hypot(matrix.d);
        let invisible = !object.is_null() && {
            // SAFETY: the object is a text object that lives as long as the page.
            NO_INK.contains(&i64::from(unsafe { calls.FPDFTextObj_GetTextRenderMode(object.cast()) }))
        };
        let run = Run {
            object,
            font: self.font_at(index),
            size: if shown.is_finite() { shown.abs() } else { 0.0 },
            invisible,
            angle_deg: self.space.angle_deg(matrix.a, matrix.b),
        };
        self.run = Some(run);
        run
    }

    fn matrix(&self, index: i32) -> Matrix {
        // SAFETY: a struct of six numbers may be all zeros; the handle is valid and `matrix` outlives the call.
        let (found, matrix) = unsafe {
            let mut matrix = std::mem::zeroed();
            let found = self.text.calls().FPDFText_GetMatrix(self.text.handle().cast(), index, &raw mut matrix);
            (found, matrix)
        };
        if found == 0 {
            return Matrix::IDENTITY;
        }
        Matrix { a: matrix.a, b: matrix.b, c: matrix.c, d: matrix.d, e: matrix.e, f: matrix.f }
    }

    /// Index of the font at `index`, added if it is new.
    fn font_at(&mut self, index: i32) -> u16 {
        let (calls, handle) = (self.text.calls(), self.text.handle());
        let flags = std::cell::Cell::new(0);
        let mut name = bytes_of(|buffer, length| {
            // SAFETY: the handle is valid, the index within bounds, and the buffer has `length` bytes.
            unsafe { calls.FPDFText_GetFontInfo(handle.cast(), index, buffer, length, flags.as_ptr()) }
        });
        name.retain(|&byte| byte != 0);
        let name = String::from_utf8_lossy(&name).into_owned();
        // SAFETY: the handle is valid and the index within bounds.
        let weight = unsafe { calls.FPDFText_GetFontWeight(handle.cast(), index) };
        let lower = name.to_lowercase();
        let bold = ["bold", "black", "heavy"].iter().any(|word| lower.contains(word));
        let weight = u16::try_from(weight).unwrap_or(0).min(1000);
        let weight = if bold { weight.max(700) } else { weight };
        let italic = flags.get() & FLAG_ITALIC != 0 || lower.contains("italic") || lower.contains("oblique");
        let next = self.fonts.len();
        match self.known.entry((name.clone(), weight, italic)) {
            std::collections::btree_map::Entry::Occupied(known) => *known.get(),
            std::collections::btree_map::Entry::Vacant(new) => match u16::try_from(next) {
                Ok(next) => {
                    self.fonts.push(RawFont { name, weight, italic });
                    *new.insert(next)
                }
                Err(_) => 0,
            },
        }
    }
}
