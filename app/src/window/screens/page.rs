//! One page: its pictures, marks, hits and selection.

use eframe::egui::epaint::TextShape;
use eframe::egui::{self, FontId, Painter, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use engine::document::geometry;
use engine::document::page::DocumentKind;

use crate::window::pages::{FrameCache, PageView, Placement, part_key, thumbnail_key, tile_keys};
use crate::window::theme::{Look, draw_picture, draw_turned_picture};

/// Opacity of marks.
const MARK_OPACITY: f32 = 0.32;

/// Opacity of a region.
const REGION_OPACITY: f32 = 0.1;

/// Margin around marks, in points of the page.
const MARK_MARGIN_PT: f32 = 2.0;

/// Margin around selected words, in points of the page, so that lines of a paragraph join.
const SELECTION_MARGIN_PT: f32 = 0.8;

/// Font size, as a share of the height of a line's box.
const LETTERS: f32 = 0.86;

/// A page to draw.
pub(super) struct Sheet {
    /// Counted from 0.
    pub index: usize,
    /// Width and height as the file has them, in points.
    pub size: (f32, f32),
    /// What the file is.
    pub kind: DocumentKind,
    /// Where it is on the screen.
    pub place: Placement,
    /// The part of the screen that shows pages.
    pub sight: Rect,
    /// The region that the next question is about.
    pub region: Option<geometry::Rect>,
}

impl Sheet {
    /// Counted from 1.
    fn number(&self) -> u32 {
        self.index as u32 + 1
    }
}

/// Draws it, sharp where it is visible.
pub(super) fn page_ui(ui: &mut Ui, look: &Look, view: &PageView, cache: &mut FrameCache, sheet: &Sheet) {
    let colours = look.colours();
    let painter = ui.painter().clone();
    let rect = sheet.place.rect;
    painter.rect_filled(rect, 0.0, colours.paper);
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, colours.line), StrokeKind::Outside);
    let response = ui.interact(rect, ui.scope_id().with(("page", sheet.index)), Sense::hover());
    let number = sheet.number();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Page {number}")));
    if sheet.kind == DocumentKind::Text {
        set_text(&painter, look, view, cache, sheet);
    } else {
        draw_pictures(&painter, view, cache, sheet, ui.pixels_per_point());
    }
    draw_selection(&painter, look, view, sheet);
    draw_hits(&painter, look, view, sheet);
    draw_marks(&painter, look, view, sheet);
    if let Some(region) = sheet.region {
        draw_region(&painter, look, sheet.place.rect_to_screen(&region));
    }
}

/// A region that is being drawn, or that the next question is about.
pub(super) fn draw_region(painter: &Painter, look: &Look, on_screen: Rect) {
    let colour = look.colours().selected_on_paper;
    painter.rect_filled(on_screen, 0.0, colour.gamma_multiply(REGION_OPACITY));
    painter.rect_stroke(on_screen, 0.0, Stroke::new(2.0, colour), StrokeKind::Outside);
}

fn draw_marks(painter: &Painter, look: &Look, view: &PageView, sheet: &Sheet) {
    let mark = look.colours().mark;
    let Some(marks) = view.nav.marks.as_ref().filter(|marks| marks.page == sheet.number()) else { return };
    for marked in &marks.boxes {
        let on_screen = sheet.place.rect_to_screen(&marked.grown(MARK_MARGIN_PT));
        painter.rect_filled(on_screen, 3.0, mark.gamma_multiply(MARK_OPACITY));
        painter.rect_stroke(on_screen, 3.0, Stroke::new(1.5, mark), StrokeKind::Outside);
    }
}

/// The hits of the search on the page; the current one has a border.
fn draw_hits(painter: &Painter, look: &Look, view: &PageView, sheet: &Sheet) {
    let mark = look.colours().mark;
    let number = sheet.number();
    let first = view.nav.find.hits.partition_point(|(page, _)| *page < number);
    for (at, (_, hit)) in view.nav.find.hits.iter().enumerate().skip(first).take_while(|(_, (page, _))| *page == number)
    {
        let on_screen = sheet.place.rect_to_screen(&hit.bbox.grown(1.0));
        painter.rect_filled(on_screen, 2.0, mark.gamma_multiply(MARK_OPACITY));
        if view.nav.find.at == Some(at) {
            painter.rect_stroke(on_screen, 2.0, Stroke::new(2.0, mark), StrokeKind::Outside);
        }
    }
}

fn draw_selection(painter: &Painter, look: &Look, view: &PageView, sheet: &Sheet) {
    let (Some(selection), Some(page)) = (&view.nav.selection, view.file.texts.get(&sheet.number())) else { return };
    let colour = look.colours().selected_on_paper.gamma_multiply(MARK_OPACITY);
    for bbox in selection.boxes(page) {
        painter.rect_filled(sheet.place.rect_to_screen(&bbox.grown(SELECTION_MARGIN_PT)), 1.0, colour);
    }
}

fn draw_pictures(painter: &Painter, view: &PageView, cache: &mut FrameCache, sheet: &Sheet, pixels_per_point: f32) {
    let key = view.file.page_key(sheet.number());
    let place = sheet.place;
    let quarters = place.rotation.quarters();
    let small = thumbnail_key(key, sheet.size);
    if let Some(texture) = cache.picture(small) {
        draw_turned_picture(painter, texture, place.rect, quarters);
    }
    let seen = place.rect.intersect(sheet.sight);
    if !seen.is_positive() {
        return;
    }
    let part = place.rect_to_page(seen);
    let part = Rect::from_min_max(pos2(part.left, part.top), pos2(part.right, part.bottom));
    for tile in tile_keys(key, sheet.size, place.scale * pixels_per_point, part) {
        if let Some(texture) = cache.picture(tile) {
            draw_turned_picture(painter, texture, place.rect_to_screen(&tile.rect_pt()), quarters);
        }
    }
}

/// A text file has no pictures: its lines are set where their boxes are.
fn set_text(painter: &Painter, look: &Look, view: &PageView, cache: &mut FrameCache, sheet: &Sheet) {
    cache.want_text(&view.file, sheet.number());
    let Some(page) = view.file.texts.get(&sheet.number()) else { return };
    let place = sheet.place;
    let angle = place.rotation.quarters() as f32 * std::f32::consts::FRAC_PI_2;
    for line in &page.lines {
        let at = place.to_screen(pos2(line.bbox.left, line.bbox.top));
        let font = FontId::proportional(line.bbox.height() * place.scale * LETTERS);
        let ink = look.colours().paper_ink;
        let letters = painter.layout_no_wrap(line.text.clone(), font, ink);
        painter.add(TextShape::new(at, letters, ink).with_angle(angle));
    }
}

/// A crop of a page, unrotated and at most `width` wide.
pub(crate) fn part_ui(
    ui: &mut Ui,
    view: &PageView,
    cache: &mut FrameCache,
    (page, part): (u32, &geometry::Rect),
    width: f32,
) {
    let scale = (width / part.width().max(1.0)).min(2.0);
    let key = part_key(view.file.page_key(page), part, scale * ui.pixels_per_point());
    let size = vec2(part.width(), part.height()) * scale;
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    if let Some(texture) = cache.picture(key) {
        draw_picture(ui.painter(), texture, rect);
    }
}
