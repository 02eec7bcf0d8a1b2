//! Progress of background reading, below the list of pages.

use eframe::egui::Ui;
use engine::protocol::{PageReport, PageState};

use crate::window::commands::{AppCommand, CommandId, Commands, ReportCommand};
use crate::window::remote::Remote;
use crate::window::state::report::State;
use crate::window::theme::Look;
use crate::window::widgets::bar_ui;

/// Draws the progress.
pub(crate) fn reading_ui(ui: &mut Ui, look: &Look, state: &State, commands: &mut Commands) {
    let pages = pages_text(state);
    if !pages.is_empty() {
        ui.label(look.muted(pages));
    }
    if state.rests_on_battery && matches!(state.document, Remote::Ready(_)) {
        ui.label(look.muted("Reading is paused until the computer is plugged in"));
        if ui.button(CommandId::KeepReadingOnBattery.info().button).clicked() {
            commands.push(AppCommand::KeepReadingOnBattery);
        }
        return;
    }
    let Some(background) = &state.background else { return };
    let text = if background.is_paused {
        let is_stopped = background.is_stopped;
        if is_stopped { "Reading stopped; finished pages are kept" } else { "Reading is paused" }.to_owned()
    } else if background.is_running {
        background.words()
    } else {
        return;
    };
    ui.label(look.muted(&text));
    if background.is_running && !background.is_paused {
        bar_ui(ui, look, &text, background.share());
    }
    let (id, command) = if background.is_paused {
        (CommandId::ResumeReading, ReportCommand::ResumeReading)
    } else {
        (CommandId::PauseReading, ReportCommand::PauseReading)
    };
    let stop = CommandId::StopReading.info();
    ui.horizontal_wrapped(|ui| {
        if ui.button(id.info().button).clicked() {
            commands.push(command);
        }
        if !background.is_paused && ui.button(stop.button).on_hover_text(stop.tooltip).clicked() {
            commands.push(ReportCommand::StopReading);
        }
    });
}

/// Number of pages, and of those that could not be read.
fn pages_text(state: &State) -> String {
    let Remote::Ready(report) = &state.document else { return String::new() };
    let pages = if report.num_pages == 1 { "page" } else { "pages" };
    let is_unread = |page: &&PageReport| matches!(page.state, PageState::Unread | PageState::Failed);
    match report.pages.iter().filter(is_unread).count() {
        1 if matches!(report.pages.as_slice(), [only] if only.state == PageState::Unread) => {
            "Scanned page: text not readable".to_owned()
        }
        0 => format!("{} {pages}", report.num_pages),
        count => format!("{} {pages}, {count} not readable", report.num_pages),
    }
}
