//! Commands for the window as a whole, and the messages that it shows.

use eframe::egui;

use crate::platform::file_dialog::{Choice, SaveAs};
use crate::services::library::LibraryCommand;
use crate::services::models::ModelCommand;
use crate::window::app::Window;
use crate::window::app::appearance::apply_appearance;
use crate::window::app::frame::Removal;
use crate::window::commands::AppCommand;
use crate::window::export::ExportFormat;
use crate::window::remote::Remote;
use crate::window::saved::settings::Settings;
use crate::window::screens::is_opened;
use crate::window::state::report::ErrorNotice;
use crate::window::state::screen::Screen;
use crate::window::tabs::Tab;

impl Window {
    pub(super) fn dispatch_app(&mut self, ctx: &egui::Context, command: AppCommand) {
        match command {
            AppCommand::ChooseFile => self.choose(ctx, Choice::Reports),
            AppCommand::OpenFile(path) => self.open_files(vec![path]),
            AppCommand::OpenHit(at) => self.open_hit(at),
            AppCommand::ShowTab(index) => self.show_tab(index),
            AppCommand::StepTab(by) => self.step_tab(by),
            AppCommand::CloseTab(index) => self.close_tab(index),
            AppCommand::ShowScreen(screen) => self.show(screen),
            AppCommand::TogglePalette => self.palette.toggle(),
            AppCommand::SearchLibrary => self.search_library(),
            AppCommand::ConfirmRemoval(report) => self.library.to_remove = report,
            AppCommand::RemoveReport(hash) => self.remove(&hash),
            AppCommand::FocusFind => self.focus_find = true,
            AppCommand::ChooseExport(format) => self.choose_export(ctx, format),
            AppCommand::OpenAddress(address) => {
                if is_opened(&address) {
                    ctx.open_url(egui::OpenUrl::new_tab(address));
                }
            }
            AppCommand::ShowInReport(path, marks) => self.show_in_report(path, marks),
            AppCommand::KeepReadingOnBattery => self.power.override_pause(),
            AppCommand::DismissError => self.dismiss_error(),
            AppCommand::ApplySettings(settings) => self.apply_settings(ctx, settings),
            AppCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Shows a screen and refreshes its data.
    pub(crate) fn show(&mut self, screen: Screen) {
        self.screen = screen;
        if screen == Screen::Library {
            let reports = self.session.reports().map(|report| (report.hash.clone(), report.path.clone())).collect();
            self.services.library.send(LibraryCommand::CheckFiles(reports));
            self.search_library();
        }
        if screen == Screen::Settings {
            self.services.models.send(ModelCommand::List);
        }
    }

    /// Opens the system's file dialog.
    pub(super) fn choose(&mut self, ctx: &egui::Context, choice: Choice) {
        let waking = ctx.clone();
        if let Err(error) = self.dialog.open(choice, move || waking.request_repaint()) {
            self.tell(ErrorNotice {
                message: format!("the file dialog could not be opened: {error}"),
                hint: Some("Drop the file on the window instead".into()),
            });
        }
    }

    fn choose_export(&mut self, ctx: &egui::Context, format: ExportFormat) {
        let name = self.tabs.front().map_or("", |tab| tab.name.as_str());
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let file = SaveAs {
            stem: format!("{stem} conversation"),
            format: format.name(),
            extension: format.extension(),
            accepted: ExportFormat::ALL_EXTENSIONS,
        };
        self.choose(ctx, Choice::Export(file));
    }

    /// Shows a note on the report in front.
    pub(crate) fn note(&mut self, note: String) {
        if let Some(tab) = self.tabs.front_mut() {
            tab.state.note = Some(note);
        }
    }

    /// Shows an error card on the current screen.
    pub(crate) fn tell(&mut self, error: ErrorNotice) {
        match self.tabs.front_mut().filter(|_| self.screen == Screen::Report) {
            Some(tab) => tab.state.error = Some(error),
            None => self.error = Some(error),
        }
    }

    fn dismiss_error(&mut self) {
        self.error = None;
        self.models.error = None;
        let Some(tab) = self.tabs.front_mut() else { return };
        tab.state.error = None;
        if tab.state.document == Remote::Failed && self.screen == Screen::Report {
            self.close_tab(self.tabs.front_index());
        }
    }

    pub(super) fn search_library(&mut self) {
        if self.library.search() {
            let query = self.library.searched.clone();
            let reports = self.session.reports().map(|report| report.hash.clone()).collect();
            self.services.library.send(LibraryCommand::Search { query, reports });
        }
    }

    fn remove(&mut self, hash: &str) {
        let open = self.tabs.iter().position(|tab| tab.hash() == Some(hash));
        if let Some(index) = open {
            let screen = self.screen;
            let waits = self.tabs.iter().nth(index).map(Tab::requests).unwrap_or_default();
            self.removals.push(Removal { hash: hash.to_owned(), waits });
            self.close_tab(index);
            self.screen = screen;
        }
        self.session.forget(hash);
        self.library.forget(hash);
        self.services.library.send(LibraryCommand::Remove(hash.to_owned()));
    }

    fn apply_settings(&mut self, ctx: &egui::Context, settings: Settings) {
        if settings == self.settings {
            return;
        }
        self.settings = settings;
        apply_appearance(&self.settings, ctx);
        for tab in self.tabs.iter_mut() {
            tab.state.compute = self.settings.compute();
        }
        self.save_settings();
    }
}
