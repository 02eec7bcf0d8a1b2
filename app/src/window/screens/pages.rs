//! The open report's pages in one column, drawn from what the viewer's thread has made so far.

use eframe::egui::{self, Align2, FontId, Painter, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use engine::document::page::DocumentKind;
use engine::viewer::ViewInfo;

use super::super::pages::{Column, Jump, PageView, Zoom, part_key, thumbnail_key, tile_keys};
use super::super::state::Remote;
use super::super::theme::{Look, draw_picture};

/// Between pages and around them, in screen points.
const PAGE_GAP: f32 = 14.0;

/// How thinly marks are drawn over what they mark.
const MARK_OPACITY: f32 = 0.32;

/// Around what is marked, in points of the page.
const MARK_MARGIN_PT: f32 = 2.0;

/// Height of letters in a line's box.
const LETTERS: f32 = 0.86;

/// Draws them. How the view is scrolled, and what it lacks, belongs to drawing and is noted in `view`.
pub(crate) fn pages_ui(ui: &mut Ui, look: &Look, view: &mut PageView) {
    let info = match &view.info {
        Remote::Ready(info) => std::sync::Arc::clone(info),
        other => {
            let text = match other {
                Remote::Pending => "Opening…",
                Remote::Failed => "This file cannot be shown",
                Remote::Absent | Remote::Ready(_) => "",
            };
            ui.centered_and_justified(|ui| ui.label(look.muted(text)));
            return;
        }
    };
    let room = ui.available_size();
    let scale = scale_for(view, &info, room);
    if scale != view.scale && view.jump.is_none() && view.scale > 0.0 {
        // The window or its panels were resized: what is read stays in sight.
        view.jump = Some(Jump::Top(view.top));
    }
    view.scale = scale;
    let column = Column::new(&info.sizes_pt, scale, PAGE_GAP, room.x);
    let mut area = ScrollArea::both().id_salt(("pages", view.document)).auto_shrink(false);
    if let Some(jump) = view.jump.take() {
        area = area.scroll_offset(offset_for(jump, &column, room));
    }
    let shown = area.show_viewport(ui, |ui, sight| {
        ui.set_min_size(column.size());
        let origin = ui.max_rect().min;
        for index in column.between(sight.top() - room.y / 2.0, sight.bottom() + room.y / 2.0) {
            let page = column.page(index).translate(origin.to_vec2());
            page_ui(ui, look, view, &info, (index, page), sight.translate(origin.to_vec2()));
        }
    });
    view.offset = shown.state.clamped_offset();
    let top = pos2(view.offset.x, view.offset.y + PAGE_GAP);
    view.top = column.spot(top);
    view.current = column.spot(pos2(view.offset.x, view.offset.y + room.y / 2.0)).index as u32 + 1;
    zoom_at_pointer(ui, view, &column, shown.inner_rect);
}

fn scale_for(view: &PageView, info: &ViewInfo, room: Vec2) -> f32 {
    let mut widths: Vec<f32> = info.sizes_pt.iter().map(|size| size.0).collect();
    widths.sort_by(f32::total_cmp);
    // Most pages, not the one wide table, decide.
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(1.0).max(1.0);
    let fit_width = (room.x - 2.0 * PAGE_GAP) / usual;
    let scale = match view.zoom {
        Zoom::FitWidth => fit_width,
        Zoom::FitPage => {
            let height = info.sizes_pt.get(view.top.index).map_or(1.0, |size| size.1).max(1.0);
            fit_width.min((room.y - 2.0 * PAGE_GAP) / height)
        }
        Zoom::Fixed(scale) => scale,
    };
    scale.clamp(0.05, 16.0)
}

fn offset_for(jump: Jump, column: &Column, room: Vec2) -> Vec2 {
    let (spot, at) = match jump {
        Jump::Top(spot) => (spot, vec2(PAGE_GAP, PAGE_GAP)),
        Jump::Middle(spot) => (spot, room / 2.0),
        Jump::At(spot, at) => (spot, at),
    };
    let offset = column.position(spot).to_vec2() - at;
    let most = (column.size() - room).max(Vec2::ZERO);
    offset.max(Vec2::ZERO).min(most)
}

/// Pinching, or turning the wheel with Ctrl held: what is under the pointer stays there.
fn zoom_at_pointer(ui: &Ui, view: &mut PageView, column: &Column, area: Rect) {
    let (factor, pointer) = ui.input(|input| (input.zoom_delta(), input.pointer.hover_pos()));
    let Some(pointer) = pointer.filter(|pointer| factor != 1.0 && area.contains(*pointer)) else { return };
    let at = pointer - area.min;
    let spot = column.spot((view.offset + at).to_pos2());
    view.jump = Some(Jump::At(spot, at));
    view.set_zoom(Zoom::Fixed(view.scale * factor));
    ui.ctx().request_repaint();
}

/// A page: paper, its small picture while there is nothing sharper, the tiles that are in sight, and marks.
fn page_ui(ui: &mut Ui, look: &Look, view: &mut PageView, info: &ViewInfo, (index, rect): (usize, Rect), sight: Rect) {
    let number = index as u32 + 1;
    let colours = look.colours();
    let painter = ui.painter().clone();
    painter.rect_filled(rect, 0.0, colours.paper);
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, colours.line), StrokeKind::Outside);
    let response = ui.interact(rect, ui.scope_id().with(("page", index)), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Page {number}")));
    let size = info.sizes_pt.get(index).copied().unwrap_or((1.0, 1.0));
    if info.kind == DocumentKind::Text {
        set_text(&painter, look, view, (number, rect));
    } else {
        draw_pictures(&painter, view, (number, size), rect, sight, ui.pixels_per_point());
    }
    draw_hits(&painter, look, view, (number, rect));
    if let Some(marks) = view.marks.as_ref().filter(|marks| marks.page == number) {
        for marked in &marks.boxes {
            let marked = marked.grown(MARK_MARGIN_PT);
            let on_screen = Rect::from_min_max(
                rect.min + vec2(marked.left, marked.top) * view.scale,
                rect.min + vec2(marked.right, marked.bottom) * view.scale,
            );
            painter.rect_filled(on_screen, 3.0, colours.mark.gamma_multiply(MARK_OPACITY));
            painter.rect_stroke(on_screen, 3.0, Stroke::new(1.5, colours.mark), StrokeKind::Outside);
        }
    }
}

/// Every place on the page where the words stand that are looked for; the one that is looked at with a border.
fn draw_hits(painter: &Painter, look: &Look, view: &PageView, (number, rect): (u32, Rect)) {
    let mark = look.colours().mark;
    let first = view.find.hits.partition_point(|(page, _)| *page < number);
    for (at, (_, hit)) in view.find.hits.iter().enumerate().skip(first).take_while(|(_, (page, _))| *page == number) {
        let bbox = hit.bbox.grown(1.0);
        let on_screen = Rect::from_min_max(
            rect.min + vec2(bbox.left, bbox.top) * view.scale,
            rect.min + vec2(bbox.right, bbox.bottom) * view.scale,
        );
        painter.rect_filled(on_screen, 2.0, mark.gamma_multiply(MARK_OPACITY));
        if view.find.at == Some(at) {
            painter.rect_stroke(on_screen, 2.0, Stroke::new(2.0, mark), StrokeKind::Outside);
        }
    }
}

fn draw_pictures(
    painter: &Painter,
    view: &mut PageView,
    (number, size): (u32, (f32, f32)),
    rect: Rect,
    sight: Rect,
    pixels_per_point: f32,
) {
    let key = view.page_key(number);
    let small = thumbnail_key(key, size);
    if let Some(texture) = view.textures.get(&small) {
        draw_picture(painter, texture, rect);
    }
    view.want(small);
    let seen = rect.intersect(sight);
    if !seen.is_positive() {
        return;
    }
    let in_points = Rect::from_min_max(
        ((seen.min - rect.min) / view.scale).to_pos2(),
        ((seen.max - rect.min) / view.scale).to_pos2(),
    );
    for tile in tile_keys(key, size, view.scale * pixels_per_point, in_points) {
        if let Some(texture) = view.textures.get(&tile) {
            let part = tile.rect_pt();
            let at = Rect::from_min_max(
                rect.min + vec2(part.left, part.top) * view.scale,
                rect.min + vec2(part.right, part.bottom) * view.scale,
            );
            draw_picture(painter, texture, at);
        } else {
            view.want(tile);
        }
    }
}

/// A text file has no looks of its own: its lines are set where their boxes are.
fn set_text(painter: &Painter, look: &Look, view: &mut PageView, (number, rect): (u32, Rect)) {
    view.want_text(number);
    let Some(page) = view.texts.get(&number) else { return };
    for line in &page.lines {
        let at = rect.min + vec2(line.bbox.left, line.bbox.top) * view.scale;
        let font = FontId::proportional(line.bbox.height() * view.scale * LETTERS);
        painter.text(at, Align2::LEFT_TOP, &line.text, font, look.colours().paper_ink);
    }
}

/// A part of a page by itself, as wide as `width` at most: what an answer came from, beside the answer.
pub(crate) fn part_ui(
    ui: &mut Ui,
    view: &mut PageView,
    page: u32,
    part: &engine::document::geometry::Rect,
    width: f32,
) {
    let scale = (width / part.width().max(1.0)).min(2.0);
    let key = part_key(view.page_key(page), part, scale * ui.pixels_per_point());
    let size = vec2(part.width(), part.height()) * scale;
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    match view.textures.get(&key) {
        Some(texture) => draw_picture(ui.painter(), texture, rect),
        None => view.want(key),
    }
}
