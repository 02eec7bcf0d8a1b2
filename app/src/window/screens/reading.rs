//! How the reading of the report goes on, below the list of its pages.

use eframe::egui::Ui;
use engine::protocol::{PageReport, PageState};

use crate::window::commands::UserCommand;
use crate::window::state::report::{Remote, State};
use crate::window::theme::Look;
use crate::window::widgets::bar_ui;

/// Draws it.
pub(crate) fn reading_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Vec<UserCommand>) {
    let pages = pages_text(state);
    if !pages.is_empty() {
        ui.label(look.muted(pages));
    }
    if state.rests_on_battery && matches!(state.document, Remote::Ready(_)) {
        ui.label(look.muted("Reading rests until the computer is plugged in"));
        if ui.button("Read on battery").clicked() {
            commands.push(UserCommand::ReadOnBattery);
        }
        return;
    }
    let Some(background) = &state.background else { return };
    let text = if background.is_paused {
        let is_stopped = background.is_stopped;
        if is_stopped { "Reading was stopped; what was read stays" } else { "Reading is paused" }.to_owned()
    } else if background.is_running {
        background.words()
    } else {
        return;
    };
    ui.label(look.muted(&text));
    if background.is_running && !background.is_paused {
        bar_ui(ui, look, &text, background.share());
    }
    let (label, command) = if background.is_paused {
        ("Go on reading", UserCommand::GoOnReading)
    } else {
        ("Pause reading", UserCommand::PauseReading)
    };
    ui.horizontal_wrapped(|ui| {
        if ui.button(label).clicked() {
            commands.push(command);
        }
        if !background.is_paused
            && ui
                .button("Stop reading")
                .on_hover_text("Read no further until you say so; what was read stays")
                .clicked()
        {
            commands.push(UserCommand::StopReading);
        }
    });
}

/// How many pages the report has, and how many of them could not be read.
fn pages_text(state: &State) -> String {
    let Remote::Ready(report) = &state.document else { return String::new() };
    let pages = if report.num_pages == 1 { "page" } else { "pages" };
    let is_unread = |page: &&PageReport| matches!(page.state, PageState::Unread | PageState::Failed);
    match report.pages.iter().filter(is_unread).count() {
        0 => format!("{} {pages}", report.num_pages),
        count => format!("{} {pages}, {count} of them not readable", report.num_pages),
    }
}
