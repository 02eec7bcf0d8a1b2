//! Looking for words: the field, and the list of places.

use eframe::egui::text::LayoutJob;
use eframe::egui::{Button, FontId, Key, ScrollArea, TextEdit, TextFormat, Ui};
use engine::viewer::Hit;

use super::super::command::UserCommand;
use super::super::pages::{Find, PageView, ViewAction};
use super::super::theme::Look;

/// Width of the field, in points.
const FIELD_WIDTH: f32 = 220.0;

/// Draws the field. Its text belongs to the user while it is written, so it is lent.
pub(crate) fn find_field_ui(
    ui: &mut Ui,
    look: &Look,
    find: &mut Find,
    takes_focus: &mut bool,
    commands: &mut Vec<UserCommand>,
) {
    if find.is_on() {
        ui.label(look.muted(find.words()));
    }
    let field = TextEdit::singleline(&mut find.query).hint_text("Find in the report").desired_width(FIELD_WIDTH);
    let field = ui.add(field.min_size(eframe::egui::vec2(0.0, look.sizes().control_height)));
    field.widget_info(|| {
        let mut info = eframe::egui::WidgetInfo::text_edit(true, "", &find.query, "");
        info.label = Some("Find in the report".to_owned());
        info
    });
    if std::mem::take(takes_focus) {
        field.request_focus();
    }
    if field.lost_focus() {
        let (enter, shift, escape) =
            ui.input(|input| (input.key_pressed(Key::Enter), input.modifiers.shift, input.key_pressed(Key::Escape)));
        if enter {
            commands.push(UserCommand::View(if shift { ViewAction::PreviousHit } else { ViewAction::NextHit }));
            // The next press of Enter goes on from here.
            field.request_focus();
        }
        if escape {
            find.query.clear();
        }
    }
}

/// Draws the places.
pub(crate) fn hits_ui(ui: &mut Ui, look: &Look, view: &PageView, commands: &mut Vec<UserCommand>) {
    let find = &view.find;
    ui.label(look.muted(find.words()));
    let height = 2.0 * look.sizes().text_small * 1.45 + 2.0 * ui.spacing().button_padding.y;
    let area = ScrollArea::vertical().id_salt(("hits", view.document)).auto_shrink(false);
    area.show_rows(ui, height, find.hits.len(), |ui, rows| {
        for index in rows {
            let Some((page, hit)) = find.hits.get(index) else { continue };
            let button = Button::new(line(look, *page, hit)).selected(find.at == Some(index)).truncate();
            let button = button.frame_when_inactive(false).min_size(eframe::egui::vec2(ui.available_width(), height));
            let button = ui.add(button);
            let label = format!("Found on page {page}: {}", hit.text);
            button.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Button, true, &label));
            if button.clicked() {
                commands.push(UserCommand::View(ViewAction::ShowHit(index)));
            }
        }
    });
}

/// The page, and below it the words with what stands around them.
fn line(look: &Look, page: u32, hit: &Hit) -> LayoutJob {
    /// Letters before the words, at most: the words must be seen in a narrow list.
    const BEFORE: usize = 12;
    let font = FontId::proportional(look.sizes().text_small);
    let plain = TextFormat::simple(font.clone(), look.colours().ink);
    let found = TextFormat { background: look.colours().mark.gamma_multiply(0.4), ..plain.clone() };
    let mut job = LayoutJob::default();
    job.append(&format!("Page {page}\n"), 0.0, TextFormat::simple(font, look.colours().ink_muted));
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
