//! Search in the report: the field and the list of matches.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Align2, FontId, Key, Role, ScrollArea, Sense, TextEdit, TextFormat, Ui, WidgetInfo, vec2};
use engine::viewer::Hit;

use crate::window::commands::Commands;
use crate::window::pages::{Find, PageView, ViewAction};
use crate::window::theme::Look;

/// Width of the field, in points.
const FIELD_WIDTH: f32 = 220.0;

/// Line height relative to the font size.
const LINE: f32 = 1.4;

/// Draws the search field for `query`.
pub(crate) fn find_field_ui(
    ui: &mut Ui,
    look: &Look,
    find: &Find,
    (query, takes_focus): (&mut String, bool),
    commands: &mut Commands,
) {
    let field = TextEdit::singleline(query).id_salt("find").hint_text("Find in the report").desired_width(FIELD_WIDTH);
    let field = field.align(Align2::LEFT_CENTER).margin(vec2(look.sizes().gap, look.sizes().gap_small));
    let field = ui.add(field.min_size(vec2(0.0, look.sizes().control_height)));
    field.widget_info(|| {
        let mut info = WidgetInfo::text_edit(true, "", query.as_str(), "");
        info.label = Some("Find in the report".to_owned());
        info
    });
    if takes_focus {
        field.request_focus();
    }
    if field.lost_focus() {
        let (enter, shift, escape) =
            ui.input(|input| (input.key_pressed(Key::Enter), input.modifiers.shift, input.key_pressed(Key::Escape)));
        if enter {
            commands.push(if shift { ViewAction::PreviousHit } else { ViewAction::NextHit });
            // The next Enter continues from here.
            field.request_focus();
        }
        if escape {
            query.clear();
        }
    }
    if !query.trim().is_empty() {
        ui.label(look.muted(find.words()));
    }
}

/// Draws the list of matches.
pub(crate) fn hits_ui(ui: &mut Ui, look: &Look, view: &PageView, commands: &mut Commands) {
    let find = &view.nav.find;
    let line_height = look.sizes().text_small * LINE;
    let height = 2.0 * line_height + look.sizes().gap_small;
    let area = ScrollArea::vertical().id_salt(("hits", view.file.document)).auto_shrink(false);
    area.show_rows(ui, height, find.hits.len(), |ui, rows| {
        for index in rows {
            let Some((page, hit)) = find.hits.get(index) else { continue };
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
            let label = format!("Found on page {page}: {}", hit.text);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
            if find.at == Some(index) {
                ui.painter().rect_filled(rect, look.sizes().radius, look.colours().selection);
            } else if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect, look.sizes().radius, look.colours().sunken);
            }
            let at = rect.min + vec2(look.sizes().gap_small, look.sizes().gap_small / 2.0);
            let mut words = words(look, hit);
            words.wrap = TextWrapping::truncate_at_width(rect.width() - 2.0 * look.sizes().gap_small);
            let words = ui.painter().layout_job(words);
            let font = FontId::proportional(look.sizes().text_small);
            let muted = look.colours().ink_muted;
            ui.painter().text(at, Align2::LEFT_TOP, format!("Page {page}"), font, muted);
            ui.painter().galley(at + vec2(0.0, line_height), words, look.colours().ink);
            if response.clicked() {
                commands.push(ViewAction::ShowHit(index));
            }
        }
    });
}

/// A match in its context.
fn words(look: &Look, hit: &Hit) -> LayoutJob {
    /// Most letters before the match, so that it is visible in a narrow list.
    const BEFORE: usize = 12;
    let font = FontId::proportional(look.sizes().text_small);
    let plain = TextFormat::simple(font, look.colours().ink);
    let found = TextFormat { background: look.colours().mark.gamma_multiply(0.4), ..plain.clone() };
    let mut job = LayoutJob::default();
    let before = hit.text.get(..hit.found.start).unwrap_or_default();
    let start = before.char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
    if start > 0 {
        job.append("…", 0.0, plain.clone());
    }
    job.append(before.get(start..).unwrap_or_default(), 0.0, plain.clone());
    job.append(hit.text.get(hit.found.clone()).unwrap_or_default(), 0.0, found);
    job.append(hit.text.get(hit.found.end..).unwrap_or_default(), 0.0, plain);
    job
}
