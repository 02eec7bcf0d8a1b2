//! The line at the top: which report is open, and what to do with it.

use eframe::egui::{Align, Label, Layout, RichText, ThemePreference, Ui};
use engine::protocol::PageState;

use super::super::command::UserCommand;
use super::super::pages::PageView;
use super::super::state::{Remote, State};
use super::super::theme::Look;
use super::find::find_field_ui;

/// Draws it.
pub(crate) fn top_ui(
    ui: &mut Ui,
    look: &Look,
    state: &State,
    (view, finds): (&mut PageView, &mut bool),
    commands: &mut Vec<UserCommand>,
) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        theme_menu_ui(ui, commands);
        if ui.button("Open…").on_hover_text("Open another report (Ctrl+O)").clicked() {
            commands.push(UserCommand::ChooseFile);
        }
        if matches!(view.info, Remote::Ready(_)) {
            find_field_ui(ui, look, &mut view.find, finds, commands);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            let name = RichText::new(state.report_name()).strong().size(look.sizes().text_heading);
            ui.add(Label::new(name).truncate());
            ui.label(look.muted(pages_text(state)));
        });
    });
}

fn theme_menu_ui(ui: &mut Ui, commands: &mut Vec<UserCommand>) {
    ui.menu_button("Theme", |ui| {
        for (label, preference) in [
            ("Light", ThemePreference::Light),
            ("Dark", ThemePreference::Dark),
            ("As the system has it", ThemePreference::System),
        ] {
            if ui.button(label).clicked() {
                commands.push(UserCommand::SetTheme(preference));
                ui.close();
            }
        }
    });
}

/// How many pages the report has, and how many of them could not be read.
fn pages_text(state: &State) -> String {
    let Remote::Ready(report) = &state.document else { return String::new() };
    let pages = if report.num_pages == 1 { "page" } else { "pages" };
    let is_unread = |page: &&PageState| matches!(page, PageState::Unread | PageState::Failed);
    match report.pages.iter().filter(is_unread).count() {
        0 => format!("{} {pages}", report.num_pages),
        count => format!("{} {pages}, {count} of them not readable", report.num_pages),
    }
}
