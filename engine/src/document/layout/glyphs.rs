//! Prepares raw characters for layout: makes positions finite, turns blanks into breaks, drops overprinted duplicates,
//! and puts each into the frame it is written in. The only part of layout that sees [`RawChar`].

use std::collections::{BTreeMap, HashMap};

use super::frame::Frame;
use super::scripts::{self, Kind};
use crate::document::geometry::Rect;
use crate::document::page_clock::PageClock;
use crate::document::raw::{RawChar, RawPage};

/// Further characters of a page are ignored; the densest real page known has some 30,000.
pub(super) const MAX_CHARS: usize = 400_000;
/// Text at an angle that is not a multiple of 90 degrees gets a frame of its own; beyond this many, the nearest such
/// multiple.
const MAX_FRAMES: usize = 12;
/// Distance of overprinted characters, in font sizes.
const DOUBLE_DISTANCE_EM: f32 = 0.12;

/// What the text stream has between a character and the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// A blank that PDFium inserted because of the distance.
    Guessed,
    /// A blank of the file itself.
    Blank,
}

/// A character with its position in the frame it is written in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) ch: char,
    pub(super) x0: f32,
    pub(super) x1: f32,
    /// y of the baseline.
    pub(super) base: f32,
    /// Font size, in points.
    pub(super) em: f32,
    pub(super) bold: bool,
    /// Position in the text stream.
    pub(super) order: u32,
    pub(super) gap: Gap,
    /// Breaks a word if it is at a line's end.
    pub(super) soft: bool,
    /// Part of a dot leader.
    pub(super) leader: bool,
}

/// The characters of one direction of writing.
pub(super) struct FrameGlyphs {
    pub(super) frame: Frame,
    pub(super) glyphs: Vec<Glyph>,
}

/// The page's rectangle, made finite and not empty.
pub(super) fn page_bounds(raw: &RawPage) -> Rect {
    let side = |v: f32| if v.is_finite() && v >= 1.0 { v.min(100_000.0) } else { 1000.0 };
    Rect::new(0.0, 0.0, side(raw.width_pt), side(raw.height_pt))
}

/// All characters of the page by frame, the frame with most characters first.
pub(super) fn collect(raw: &RawPage, bounds: &Rect, clock: &PageClock) -> Vec<FrameGlyphs> {
    let angles = frame_angles(raw);
    let mut frames: BTreeMap<u16, FrameGlyphs> = BTreeMap::new();
    let mut doubles = Doubles::default();
    let mut gap = Gap::None;
    let mut last = (bounds.left, bounds.top);
    for (order, c) in raw.chars.iter().take(MAX_CHARS).enumerate() {
        if clock.is_over() {
            break;
        }
        match scripts::kind(c.unicode) {
            Kind::Nothing => continue,
            Kind::Blank => {
                gap = gap.max(if c.generated { Gap::Guessed } else { Gap::Blank });
                continue;
            }
            Kind::Ink => {}
        }
        if is_off_page(c, bounds) {
            continue;
        }
        let angle_of = |c: &RawChar| angles.get(&rounded_angle(c.angle_deg)).copied().unwrap_or(0);
        // A single rotated letter (the logo of XeTeX has one) belongs to the word around it.
        let around = (order.checked_sub(1).and_then(|i| raw.chars.get(i)), raw.chars.get(order + 1));
        let angle = match around {
            (Some(a), Some(b)) if inked(a) && inked(b) && angle_of(a) == angle_of(b) => angle_of(a),
            _ => angle_of(c),
        };
        let frame = Frame::of_angle(angle);
        let bold = raw.fonts.get(usize::from(c.font)).is_some_and(|f| f.weight >= 600 || names_bold(&f.name));
        let mut glyph = place(c, frame, bounds, last);
        glyph.order = order as u32;
        glyph.gap = std::mem::replace(&mut gap, Gap::None);
        glyph.bold = bold;
        last = frame_to_page_point(frame, glyph.x1, glyph.base);
        if doubles.seen(&glyph, angle) {
            gap = glyph.gap;
            continue;
        }
        frames.entry(angle).or_insert_with(|| FrameGlyphs { frame, glyphs: Vec::new() }).glyphs.push(glyph);
    }
    let mut frames: Vec<_> = frames.into_values().collect();
    for f in &mut frames {
        mark_leaders(&mut f.glyphs);
    }
    frames.sort_by_key(|f| std::cmp::Reverse(f.glyphs.len()));
    frames
}

fn inked(c: &RawChar) -> bool {
    scripts::kind(c.unicode) == Kind::Ink
}

fn names_bold(name: &str) -> bool {
    ["Bold", "Black", "Heavy", "bold"].iter().any(|part| name.contains(part))
}

fn frame_to_page_point(frame: Frame, x: f32, y: f32) -> (f32, f32) {
    let r = frame.to_page(&Rect::new(x, y, x, y));
    (r.left, r.top)
}

fn rounded_angle(angle_deg: f32) -> u16 {
    if angle_deg.is_finite() { angle_deg.rem_euclid(360.0).round() as u16 % 360 } else { 0 }
}

/// The frame of each rounded angle: the multiple of 90 degrees within 5 degrees, else one of its own.
fn frame_angles(raw: &RawPage) -> HashMap<u16, u16> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for c in raw.chars.iter().take(MAX_CHARS) {
        if scripts::kind(c.unicode) == Kind::Ink {
            *counts.entry(rounded_angle(c.angle_deg)).or_default() += 1;
        }
    }
    let quarter = |a: u16| (a + 45) / 90 * 90 % 360;
    let off_quarter = |a: u16| (a + 45) % 90;
    let mut oblique: Vec<(usize, u16)> =
        counts.iter().filter(|(a, _)| off_quarter(**a).abs_diff(45) > 5).map(|(a, n)| (*n, *a)).collect();
    oblique.sort_unstable_by_key(|(n, a)| (std::cmp::Reverse(*n), *a));
    oblique.truncate(MAX_FRAMES);
    let own: Vec<u16> = oblique.into_iter().map(|(_, a)| a).collect();
    counts.into_keys().map(|a| (a, if own.contains(&a) { a } else { quarter(a) })).collect()
}

/// Whether the character lies beyond the page's edge, where it is invisible. Invalid positions do not count.
fn is_off_page(c: &RawChar, bounds: &Rect) -> bool {
    let r = &c.loose;
    r.is_finite() && c.tight.is_finite() && r.width() > 0.0 && !r.touches(bounds) && !c.tight.touches(bounds)
}

/// The character in `frame`; missing or invalid parts of its position are taken from the box, then from `last`, the end
/// of the previous character (on the page).
fn place(c: &RawChar, frame: Frame, bounds: &Rect, last: (f32, f32)) -> Glyph {
    let usable = |r: &Rect| r.is_finite() && r.left <= r.right && r.top <= r.bottom;
    let inside = |r: &Rect| {
        let x = |v: f32| v.clamp(bounds.left, bounds.right);
        let y = |v: f32| v.clamp(bounds.top, bounds.bottom);
        Rect::new(x(r.left), y(r.top), x(r.right), y(r.bottom))
    };
    let page_box = match (usable(&c.loose), usable(&c.tight)) {
        (true, _) if c.loose.area() > 0.0 => inside(&c.loose),
        (_, true) => inside(&c.tight),
        (true, false) => inside(&c.loose),
        _ => Rect::new(last.0, last.1, last.0, last.1),
    };
    let r = frame.rect(&page_box);
    let height = r.height();
    let em = if c.font_size_pt.is_finite() && c.font_size_pt > 0.5 && c.font_size_pt < 5000.0 {
        let size = c.font_size_pt;
        if frame.is_upright() && height > 0.5 && (size > 4.0 * height || size < 0.25 * height) { height } else { size }
    } else if height > 0.5 {
        height
    } else {
        10.0
    };
    let origin = if c.origin_x.is_finite() && c.origin_y.is_finite() {
        frame.point(c.origin_x, c.origin_y)
    } else {
        (r.left, r.bottom - 0.22 * em)
    };
    let near = origin.1 >= r.top - 0.5 * em && origin.1 <= r.bottom + 0.5 * em;
    let base = if near { origin.1 } else { r.bottom - 0.22 * em };
    let (x0, x1) = if frame.is_upright() {
        // PDFium widens the box where ink overhangs, as that of a slanted f does; the pen started at the origin.
        (if origin.0 >= r.left && origin.0 < r.right { origin.0 } else { r.left }, r.right)
    } else {
        // An upright box around slanted ink says little about the width, so a usual one is used.
        (origin.0, origin.0 + 0.5 * em)
    };
    let base = if frame.is_upright() { base } else { origin.1 };
    Glyph {
        ch: c.unicode,
        x0,
        x1,
        base,
        em,
        bold: false,
        order: 0,
        gap: Gap::None,
        soft: c.hyphen || matches!(c.unicode, scripts::PDFIUM_HYPHEN | scripts::SOFT_HYPHEN),
        leader: false,
    }
}

/// Finds characters printed twice at (almost) the same position, as programs do without a bold font.
#[derive(Default)]
struct Doubles {
    places: HashMap<(u16, char, i32, i32), Vec<Place>>,
}

/// Where a character begins (x, baseline), its size and its position in the stream.
type Place = (f32, f32, f32, u32);

impl Doubles {
    fn seen(&mut self, g: &Glyph, angle: u16) -> bool {
        const CELL_PT: f32 = 4.0;
        let reach = DOUBLE_DISTANCE_EM * g.em;
        let cell = |v: f32| (v / CELL_PT).floor() as i32;
        let steps = |v: f32| cell(v - reach.min(CELL_PT))..=cell(v + reach.min(CELL_PT));
        for cx in steps(g.x0) {
            for cy in steps(g.base) {
                let found = self.places.get(&(angle, g.ch, cx, cy)).is_some_and(|places| {
                    places.iter().any(|&(x, y, em, order)| {
                        let close = (x - g.x0).abs() <= reach && (y - g.base).abs() <= reach;
                        // A single glyph for "ff" is reported as two characters at the very same position.
                        let ligature = g.ch == 'f' && order + 1 == g.order && x == g.x0;
                        close && !ligature && (em - g.em).abs() <= 0.1 * g.em
                    })
                });
                if found {
                    return true;
                }
            }
        }
        let places = self.places.entry((angle, g.ch, cell(g.x0), cell(g.base))).or_default();
        if places.len() < 32 {
            places.push((g.x0, g.base, g.em, g.order));
        }
        false
    }
}

/// Marks rows of four or more dots, close together or apart.
fn mark_leaders(glyphs: &mut [Glyph]) {
    let mut start = 0;
    while start < glyphs.len() {
        let first = glyphs[start];
        let mut end = start + 1;
        if scripts::is_leader(first.ch) {
            let mut dots = scripts::leader_dots(first.ch);
            while let Some(next) = glyphs.get(end) {
                let before = glyphs[end - 1];
                let follows = (next.base - before.base).abs() < 0.3 * first.em
                    && next.x0 >= before.x0
                    && next.x0 - before.x1 < 2.0 * first.em;
                if next.ch != first.ch || !follows {
                    break;
                }
                dots += scripts::leader_dots(next.ch);
                end += 1;
            }
            // Three dots are an ellipsis, unless a number follows at a distance.
            let short = dots == 3
                && glyphs.get(end).zip(glyphs.get(end - 1)).is_some_and(|(next, last)| {
                    let near = (next.base - last.base).abs() < 0.3 * first.em && next.x0 > last.x1 + 0.15 * first.em;
                    near && (next.ch.is_ascii_digit() || matches!(next.ch, '-' | '$' | '('))
                });
            if (dots >= 4 && end - start >= 2) || short {
                glyphs[start..end].iter_mut().for_each(|g| g.leader = true);
            }
        }
        start = end;
    }
}
