//! The library: a drop zone, earlier reports, and search in all of them.

use eframe::egui::{
    self, Align, Align2, Button, FontId, Label, Layout, RichText, ScrollArea, Shape, Stroke, TextEdit, Ui, vec2,
};

use crate::services::library::{FileStatus, HitLocation, LibraryHit};
use crate::window::commands::{AppCommand, Commands};
use crate::window::saved::session::{KeptReport, SavedSession};
use crate::window::screens::offers::{ModelsView, first_model_ui};
use crate::window::state::library::LibraryState;
use crate::window::state::models::FetchForm;
use crate::window::state::report::ErrorNotice;
use crate::window::theme::Look;
use crate::window::widgets::{error_card_ui, passage_job, primary_button_ui};

/// Height of the content of an empty library, in points, for centring it.
const CONTENT_HEIGHT: f32 = 330.0;

/// Draws the library.
pub(crate) fn library_ui(
    ui: &mut Ui,
    look: &Look,
    (session, library): (&SavedSession, &LibraryState),
    view: ModelsView<'_>,
    error: Option<&ErrorNotice>,
    (query, form): (&mut String, &mut FetchForm),
    commands: &mut Commands,
) {
    let sizes = look.sizes();
    let is_empty = session.reports().next().is_none();
    let is_getting_model = view.models.is_getting_first();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            let room = (ui.available_height() - CONTENT_HEIGHT) / 2.0;
            let is_alone = is_empty && !is_getting_model;
            ui.add_space(if is_alone { room.max(sizes.gap_large) } else { sizes.gap_large });
            ui.label(RichText::new("Recto").size(sizes.text_title).strong());
            ui.label(RichText::new("Ask a report, see where the answer comes from").color(look.colours().ink_muted));
            ui.add_space(sizes.gap_large);
            let width = sizes.column_width.min(ui.available_width() - 2.0 * sizes.gap_large);
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                if let Some(error) = error
                    && error_card_ui(ui, look, &error.message, error.hint.as_deref())
                {
                    commands.push(AppCommand::DismissError);
                }
                drop_zone_ui(ui, look, is_alone, commands);
                ui.add_space(sizes.gap);
                ui.vertical_centered(|ui| ui.label(look.muted("Your documents stay on this computer")));
                if is_getting_model {
                    ui.add_space(sizes.gap);
                    first_model_ui(ui, look, view, form, commands);
                }
                if !is_empty {
                    ui.add_space(sizes.gap_large);
                    search_ui(ui, look, query, commands);
                    ui.add_space(sizes.gap);
                    if library.searched.is_empty() {
                        reports_ui(ui, look, (session, library), commands);
                    } else {
                        found_ui(ui, look, (session, library), commands);
                    }
                }
                ui.add_space(sizes.gap_large);
            });
        });
    });
}

fn drop_zone_ui(ui: &mut Ui, look: &Look, is_large: bool, commands: &mut Commands) {
    let sizes = look.sizes();
    let margin = if is_large { sizes.gap_large * 1.5 } else { sizes.gap };
    let zone = look.card().stroke(Stroke::NONE).inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.vertical_centered(|ui| {
            ui.label(RichText::new("Drop a report here").size(sizes.text_heading));
            ui.label(look.muted("PDF, image or text file"));
            ui.add_space(sizes.gap_small);
            if primary_button_ui(ui, look, "Open…", true).clicked() {
                commands.push(AppCommand::ChooseFile);
            }
        });
    });
    dashed_border(ui, look, zone.response.rect);
}

fn search_ui(ui: &mut Ui, look: &Look, query: &mut String, commands: &mut Commands) {
    let name = ui.label(look.muted("Search all reports and conversations"));
    let field = TextEdit::singleline(query)
        .id_salt("library search")
        .hint_text("All words must be on one page")
        .margin(vec2(look.sizes().gap, look.sizes().gap_small))
        .min_size(vec2(0.0, look.sizes().control_height))
        .desired_width(f32::INFINITY);
    if ui.add(field).labelled_by(name.id).changed() {
        commands.push(AppCommand::SearchLibrary);
    }
}

/// All reports, most recently opened first.
fn reports_ui(ui: &mut Ui, look: &Look, (session, library): (&SavedSession, &LibraryState), commands: &mut Commands) {
    for report in session.reports() {
        look.card().show(ui, |ui| {
            ui.set_width(ui.available_width());
            if library.to_remove.as_ref() == Some(&report.hash) {
                removal_ui(ui, look, report, commands);
            } else {
                report_ui(ui, look, report, library, commands);
            }
        });
    }
}

fn report_ui(ui: &mut Ui, look: &Look, report: &KeptReport, library: &LibraryState, commands: &mut Commands) {
    let standing = library.statuses.get(&report.hash);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let remove =
            ui.button("Remove…").on_hover_text("Delete everything Recto saved about it; the file itself is kept");
        if remove.clicked() {
            commands.push(AppCommand::ConfirmRemoval(Some(report.hash.clone())));
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            let name = RichText::new(&report.name).color(look.colours().accent);
            let button = Button::new(name).frame(false).truncate();
            let folder = report.path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
            if ui.add(button).on_hover_text(folder).clicked() {
                commands.push(AppCommand::OpenFile(report.path.clone()));
            }
            let pages = if report.pages == 1 { "1 page".to_owned() } else { format!("{} pages", report.pages) };
            let kept = standing.map(|standing| standing.kept_bytes).filter(|bytes| *bytes > 0);
            let kept = kept.map(|bytes| format!(", {:.1} MB cached", bytes as f64 / 1e6)).unwrap_or_default();
            ui.label(look.muted(format!("{pages}, opened {}{kept}", ago(report.opened_secs))));
            let error = match standing.map(|standing| standing.file) {
                Some(FileStatus::Gone) => "File not found: open it from its new location",
                Some(FileStatus::Changed) => "The file has changed: opening it adds a new report",
                Some(FileStatus::Here) | None => "",
            };
            if !error.is_empty() {
                ui.label(RichText::new(error).size(look.sizes().text_small).color(look.colours().error));
            }
        });
    });
}

/// Confirmation before removing a report.
fn removal_ui(ui: &mut Ui, look: &Look, report: &KeptReport, commands: &mut Commands) {
    ui.add(Label::new(RichText::new(format!("Remove {}?", report.name)).strong()).wrap());
    ui.label("Its conversation and cached data are deleted. The file itself is kept.");
    ui.horizontal(|ui| {
        let word = RichText::new("Remove report").color(look.colours().error);
        if ui.button(word).clicked() {
            commands.push(AppCommand::RemoveReport(report.hash.clone()));
        }
        if ui.button("Cancel").clicked() {
            commands.push(AppCommand::ConfirmRemoval(None));
        }
    });
}

/// Search results.
fn found_ui(ui: &mut Ui, look: &Look, (session, library): (&SavedSession, &LibraryState), commands: &mut Commands) {
    let count = match (library.hits.len(), library.is_searching, library.has_more) {
        (0, true, _) => "Searching…".to_owned(),
        (0, false, _) => "No matches".to_owned(),
        (1, _, _) => "1 match".to_owned(),
        (count, _, true) => format!("First {count} matches"),
        (count, _, false) => format!("{count} matches"),
    };
    ui.label(look.muted(count));
    let mut last = "";
    for (at, hit) in library.hits.iter().enumerate() {
        if hit.hash != last {
            last = &hit.hash;
            ui.add_space(look.sizes().gap_small);
            let name = session.report(&hit.hash).map_or("", |report| report.name.as_str());
            ui.label(RichText::new(name).strong());
        }
        hit_ui(ui, look, (at, hit), commands);
    }
}

fn hit_ui(ui: &mut Ui, look: &Look, (at, hit): (usize, &LibraryHit), commands: &mut Commands) {
    let place = match hit.place {
        HitLocation::Page(page) => format!("Page {page}"),
        HitLocation::Turn(_) => "Conversation".to_owned(),
    };
    let job = passage_job(look, &place, &hit.passage.text, &hit.passage.found);
    let button = Button::new(job).wrap().frame_when_inactive(false).min_size(vec2(ui.available_width(), 0.0));
    if ui.add(button).clicked() {
        commands.push(AppCommand::OpenHit(at));
    }
}

/// "today", "yesterday", "12 days ago".
fn ago(secs: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match now.saturating_sub(secs) / 86_400 {
        0 => "in the last 24 hours".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// Covers the window while files are dragged over it.
pub(crate) fn drop_hint_ui(ui: &Ui, look: &Look) {
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop hint"));
    let painter = ui.ctx().layer_painter(layer);
    let area = ui.ctx().content_rect();
    painter.rect_filled(area, 0.0, look.colours().background.gamma_multiply(0.92));
    let font = FontId::proportional(look.sizes().text_title);
    painter.text(area.center(), Align2::CENTER_CENTER, "Drop to open", font, look.colours().ink);
}

fn dashed_border(ui: &Ui, look: &Look, rect: egui::Rect) {
    let stroke = Stroke::new(1.5, look.colours().ink_muted);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    ui.painter().extend(Shape::dashed_line(&corners, stroke, 6.0, 5.0));
}
