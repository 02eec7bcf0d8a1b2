//! Builds pages as PDFium would tell them, character by character.

use engine::document::geometry::Rect;
use engine::document::page::{Line, LineRole};
use engine::document::raw::{RawChar, RawFont, RawObject, RawObjectKind, RawPage};

/// A page under construction: US letter, a plain and a bold font.
pub(crate) struct Builder {
    pub(crate) page: RawPage,
    pub(crate) em: f32,
    pub(crate) bold: bool,
    pub(crate) angle_deg: f32,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let font = |name: &str, weight| RawFont { name: name.to_owned(), weight, italic: false };
        let fonts = vec![font("Times", 400), font("Times-Bold", 700)];
        let page = RawPage { width_pt: 612.0, height_pt: 792.0, fonts, ..RawPage::default() };
        Self { page, em: 10.0, bold: false, angle_deg: 0.0 }
    }

    /// How far a character moves the pen.
    pub(crate) fn advance(&self, c: char) -> f32 {
        let share = match c {
            ' ' | '.' | ',' | 'i' | 'l' | 't' | '-' => 0.28,
            '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}' => 1.0,
            '\u{301}' => 0.0,
            _ => 0.5,
        };
        share * self.em
    }

    /// Writes from left to right; blanks are characters of the file. Returns where the pen stops.
    pub(crate) fn text(&mut self, x: f32, y: f32, text: &str) -> f32 {
        let mut pen = x;
        for c in text.chars() {
            let advance = self.advance(c);
            self.char(pen, y, advance, c);
            pen += advance;
        }
        pen
    }

    /// Writes from right to left, as right-to-left text stands in most files: in reading order.
    pub(crate) fn text_rtl(&mut self, right: f32, y: f32, text: &str) {
        let mut pen = right;
        for c in text.chars() {
            pen -= self.advance(c);
            self.char(pen, y, self.advance(c), c);
        }
    }

    /// Writes so that the last character ends at `right`.
    pub(crate) fn flush_right(&mut self, right: f32, y: f32, text: &str) {
        let width: f32 = text.chars().map(|c| self.advance(c)).sum();
        self.text(right - width, y, text);
    }

    /// One character, with the pen at (`x`, `y`) of the page turned back by the angle.
    pub(crate) fn char(&mut self, x: f32, y: f32, advance: f32, c: char) {
        let (em, turn) = (self.em, self.angle_deg.to_radians());
        let on_page = |x: f32, y: f32| (x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos());
        let (ax, ay) = on_page(x, y - 0.8 * em);
        let (bx, by) = on_page(x + advance, y + 0.2 * em);
        let (origin_x, origin_y) = on_page(x, y);
        let loose = Rect::new(ax, ay, bx, by);
        self.page.chars.push(RawChar {
            unicode: c,
            loose,
            tight: if c == ' ' { Rect::default() } else { loose },
            origin_x,
            origin_y,
            angle_deg: self.angle_deg,
            font_size_pt: em,
            font: u16::from(self.bold),
            generated: false,
            hyphen: false,
            invisible: false,
        });
    }

    /// An upright line.
    pub(crate) fn ruling(&mut self, x: f32, top: f32, bottom: f32) {
        let kind = RawObjectKind::Path {
            stroked: true,
            filled: false,
            fill_rgba: [0; 4],
            stroke_rgba: [0, 0, 0, 255],
            segments: 2,
            curved: false,
        };
        self.page.objects.push(RawObject { kind, bbox: Rect::new(x - 0.5, top, x + 0.5, bottom), form: 0 });
    }

    /// The lines of the page.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let layout = engine::document::layout::layout_page(&self.page);
        assert_eq!(recto_tests::layout_check::check(&self.page, &layout), Ok(()));
        layout.lines
    }

    /// The texts of the page's lines.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|l| l.text).collect()
    }
}

/// A line as the recorded pages list it: role, `~` where hyphenated, text.
pub(crate) fn listed(line: &Line) -> String {
    let role = match line.role {
        LineRole::Body => 'b',
        LineRole::Heading => 'h',
        LineRole::TableRow => 't',
        LineRole::Caption => 'c',
        LineRole::FigureText => 'f',
        LineRole::Header => '^',
        LineRole::Footer => '_',
    };
    format!("{role}{} {}", if line.hyphenated { '~' } else { ' ' }, line.text)
}
