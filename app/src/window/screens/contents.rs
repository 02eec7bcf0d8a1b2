//! The table of contents, as a tree that folds.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align2, Button, EventFilter, FontId, Key, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, TextFormat,
    Ui, WidgetInfo, pos2, vec2,
};
use engine::document::page::OutlineItem;

use crate::window::commands::{CommandId, Commands, ReportCommand, UserCommand};
use crate::window::pages::{FrameCache, PageView, ViewAction, has_parts};
use crate::window::remote::Remote;
use crate::window::theme::Look;

/// Indent of a subsection, in points.
const INDENT: f32 = 14.0;

/// Deepest indent, so that titles have room.
const MOST_INDENTS: u16 = 6;

/// Height of a row relative to its font size.
const ROW: f32 = 2.1;

/// Width of the triangle that folds a section, in points.
const FOLD_WIDTH: f32 = 18.0;

/// Height of the buttons that choose what is listed, in points.
const SWITCH_HEIGHT: f32 = 26.0;

/// Draws the table of contents.
pub(crate) fn contents_ui(ui: &mut Ui, look: &Look, view: &PageView, cache: &mut FrameCache, commands: &mut Commands) {
    let Remote::Ready(info) = &view.file.info else { return };
    let items = &info.outline;
    let here = view.nav.contents.row_of_page(items, view.nav.current);
    let height = look.sizes().text_small * ROW;
    let mut area = ScrollArea::vertical().id_salt(("contents", view.file.document)).auto_shrink(false);
    if here.is_some() && here != cache.listed_section {
        let above = (ui.available_height() - height) / 2.0;
        let row = here.unwrap_or_default() as f32;
        area = area.vertical_scroll_offset((row * (height + ui.spacing().item_spacing.y) - above).max(0.0));
    }
    let rows = view.nav.contents.rows();
    area.show_rows(ui, height, rows.len(), |ui, shown| {
        for row in shown {
            let Some((item, section)) = rows.get(row).and_then(|item| Some((*item, items.get(*item)?))) else {
                continue;
            };
            let parts = has_parts(items, item).then(|| view.nav.contents.is_folded(item));
            row_ui(ui, look, &Row { item, section, parts, is_here: here == Some(row), height }, commands);
        }
    });
    cache.listed_section = here;
}

/// Draws the buttons that switch between page thumbnails, table of contents and figures.
pub(crate) fn list_switch_ui(
    ui: &mut Ui,
    look: &Look,
    (has_contents, shows_contents, shows_figures): (bool, bool, bool),
    commands: &mut Commands,
) {
    ui.horizontal(|ui| {
        let gap = look.sizes().gap_small;
        ui.spacing_mut().item_spacing.x = gap / 2.0;
        ui.spacing_mut().button_padding = vec2(gap, gap / 2.0);
        ui.spacing_mut().interact_size.y = SWITCH_HEIGHT;
        let ctx = ui.ctx().clone();
        let mut choice = |name: &str, hint: String, is_shown: bool, command: UserCommand| {
            let text = RichText::new(name).size(look.sizes().text_small);
            if ui.add(Button::selectable(is_shown, text)).on_hover_text(hint).clicked() {
                commands.push(command);
            }
        };
        let list = |of_contents| ViewAction::ShowContents(of_contents).into();
        let (contents, figures) = (CommandId::ToggleContents.info(), CommandId::ToggleFigures.info());
        let pages_hint = format!("Page thumbnails ({})", contents.keys_text(&ctx));
        choice("Pages", pages_hint, !shows_contents && !shows_figures, list(false));
        if has_contents {
            let hint = contents.tooltip_with_keys(&ctx);
            choice(contents.button, hint, shows_contents && !shows_figures, list(true));
        }
        choice(figures.button, figures.tooltip.to_owned(), shows_figures, ReportCommand::ShowFigures(true).into());
    });
    ui.add_space(look.sizes().gap_small);
}

struct Row<'a> {
    item: usize,
    section: &'a OutlineItem,
    /// Whether it is folded; `None` without subsections.
    parts: Option<bool>,
    is_here: bool,
    height: f32,
}

fn row_ui(ui: &mut Ui, look: &Look, row: &Row<'_>, commands: &mut Commands) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row.height), Sense::click());
    let OutlineItem { title, page, depth } = row.section;
    let name = match page {
        Some(page) => format!("{title}, page {page}"),
        None => title.clone(),
    };
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, page.is_some(), row.is_here, &name));
    let colours = look.colours();
    if row.is_here {
        ui.painter().rect_filled(rect, look.sizes().radius, colours.selection);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, look.sizes().radius, colours.sunken);
    }
    let font = FontId::proportional(look.sizes().text_small);
    let left = rect.left() + f32::from((*depth).min(MOST_INDENTS)) * INDENT + FOLD_WIDTH;
    let number = page.map(|page| page.to_string()).unwrap_or_default();
    let end = pos2(rect.right() - look.sizes().gap_small, rect.center().y);
    let number = ui.painter().text(end, Align2::RIGHT_CENTER, number, font.clone(), colours.ink_muted);
    let width = (number.left() - look.sizes().gap_small - left).max(1.0);
    let mut job = LayoutJob::single_section(title.clone(), TextFormat::simple(font, colours.ink));
    job.wrap = TextWrapping::truncate_at_width(width);
    let text = ui.painter().layout_job(job);
    ui.painter().galley(pos2(left, rect.center().y - text.size().y / 2.0), text, colours.ink);
    fold_ui(ui, look, row, (&response, pos2(left - FOLD_WIDTH / 2.0, rect.center().y)), commands);
    if let Some(page) = page.filter(|_| response.clicked()) {
        commands.push(ViewAction::GoTo(page));
    }
    response.on_hover_text(name);
}

/// The disclosure triangle of a section with subsections. The arrow keys do the same on the section itself.
fn fold_ui(
    ui: &Ui,
    look: &Look,
    row: &Row<'_>,
    (response, centre): (&Response, eframe::egui::Pos2),
    commands: &mut Commands,
) {
    let Some(is_folded) = row.parts else { return };
    let mut fold = |is_folded| commands.push(ViewAction::Fold { item: row.item, is_folded });
    let rect = Rect::from_center_size(centre, vec2(FOLD_WIDTH, row.height));
    let triangle = ui.interact(rect, response.id.with("fold"), Sense::CLICK);
    let verb = if is_folded { "Unfold" } else { "Fold" };
    triangle
        .widget_info(|| WidgetInfo::labeled(Role::DisclosureTriangle, true, format!("{verb} {}", row.section.title)));
    let ink = if triangle.hovered() { look.colours().ink } else { look.colours().ink_muted };
    let [a, b] = if is_folded { [vec2(-2.0, -4.0), vec2(-2.0, 4.0)] } else { [vec2(-4.0, -2.0), vec2(4.0, -2.0)] };
    let tip = if is_folded { vec2(2.5, 0.0) } else { vec2(0.0, 2.5) };
    let stroke = Stroke::new(1.4, ink);
    ui.painter().line_segment([centre + a, centre + tip], stroke);
    ui.painter().line_segment([centre + b, centre + tip], stroke);
    if triangle.clicked() {
        fold(!is_folded);
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let (left, right) = ui.input(|input| (input.key_pressed(Key::ArrowLeft), input.key_pressed(Key::ArrowRight)));
        if (left && !is_folded) || (right && is_folded) {
            fold(left);
        }
    }
}
