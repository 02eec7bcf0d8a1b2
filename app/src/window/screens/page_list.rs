//! Page thumbnails, with the reading state of each page.

use eframe::egui::{self, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::window::commands::Commands;
use crate::window::pages::{FrameCache, PageView, ViewAction, thumbnail_key};
use crate::window::remote::Remote;
use crate::window::state::reading_map::Cell;
use crate::window::state::report::State;
use crate::window::theme::{Look, draw_turned_picture};

/// Height of a thumbnail's box relative to its width; a portrait page fits.
const BOX_SHAPE: f32 = 1.3;

/// Height of a caption, in points.
const CAPTION: f32 = 20.0;

/// Draws the list.
pub(crate) fn page_list_ui(
    ui: &mut Ui,
    look: &Look,
    state: &State,
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let Remote::Ready(info) = &view.file.info else { return };
    let sizes = look.sizes();
    let box_size = vec2(sizes.thumbnail_width, sizes.thumbnail_width * BOX_SHAPE);
    let row = box_size.y + CAPTION;
    let mut area = ScrollArea::vertical().id_salt(("page list", view.file.document)).auto_shrink(false);
    let height = ui.available_height().round();
    if cache.listed_page != (view.nav.current, height) {
        // Keeps the current page in the middle of the list, also when its height changes.
        cache.listed_page = (view.nav.current, height);
        let pitch = row + ui.spacing().item_spacing.y;
        let above = (height - row) / 2.0;
        area = area.vertical_scroll_offset(((view.nav.current as f32 - 1.0) * pitch - above).max(0.0));
    }
    area.show_rows(ui, row, info.sizes_pt.len(), |ui, rows| {
        for index in rows {
            let number = index as u32 + 1;
            let what = reading_of(state, number);
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row), Sense::click());
            let label = format!("Go to page {number}, {}", what.words());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
            if response.clicked() {
                commands.push(ViewAction::GoTo(number));
            }
            let upright = info.sizes_pt.get(index).copied().unwrap_or((1.0, 1.0));
            let size = view.saved.rotation.size(upright);
            let fit = (box_size.x / size.0).min(box_size.y / size.1);
            let centre = pos2(rect.center().x, rect.top() + box_size.y / 2.0);
            let page = Rect::from_center_size(centre, vec2(size.0, size.1) * fit * 0.94);
            let painter = ui.painter();
            painter.rect_filled(page, 0.0, look.colours().paper);
            let key = thumbnail_key(view.file.page_key(number), upright);
            if let Some(texture) = cache.picture(key) {
                draw_turned_picture(painter, texture, page, view.saved.rotation.quarters());
            }
            let (width, colour) = if view.nav.current == number {
                (2.5, look.colours().accent)
            } else if response.hovered() || response.has_focus() {
                (1.5, look.colours().ink_muted)
            } else {
                (1.0, look.colours().line)
            };
            painter.rect_stroke(page, 0.0, Stroke::new(width, colour), StrokeKind::Outside);
            caption(ui, look, rect, number, what);
            response.on_hover_text(RichText::new(format!("Page {number}, {}", what.words())));
        }
    });
}

/// The page number, and a dot that is filled if the page was read.
fn caption(ui: &Ui, look: &Look, rect: Rect, number: u32, what: Reading) {
    let colours = look.colours();
    let painter = ui.painter();
    let at = pos2(rect.center().x, rect.bottom() - CAPTION / 2.0);
    let font = egui::FontId::proportional(look.sizes().text_small);
    let text = painter.text(at, egui::Align2::CENTER_CENTER, number.to_string(), font, colours.ink_muted);
    let dot = pos2(text.left() - 9.0, at.y);
    match what {
        Reading::Read => {
            painter.circle_filled(dot, 3.5, colours.accent);
        }
        Reading::Waiting => {
            painter.circle_stroke(dot, 3.0, Stroke::new(1.2, colours.ink_muted));
        }
        Reading::Blank => {}
        Reading::Unreadable => {
            painter.circle_filled(dot, 3.5, colours.error);
        }
    }
}

/// Reading state of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Read,
    Waiting,
    Blank,
    Unreadable,
}

impl Reading {
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Waiting => "waiting to be read",
            Self::Blank => "blank",
            Self::Unreadable => "not readable",
        }
    }
}

fn reading_of(state: &State, number: u32) -> Reading {
    match state.reading_map.page(number) {
        Cell::Unreadable | Cell::Failed => Reading::Unreadable,
        Cell::Blank => Reading::Blank,
        Cell::Waiting | Cell::Reading => Reading::Waiting,
        Cell::Text | Cell::Scan | Cell::Figures => Reading::Read,
    }
}
