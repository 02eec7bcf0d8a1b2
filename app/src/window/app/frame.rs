//! The window: applies events before a frame, draws the frame, then dispatches its commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Ui};
use engine::protocol::RequestId;
use engine::untrusted::printable_path;
use engine::viewer::ViewCommand;

use crate::platform::file_dialog::{Chosen, FileDialog, NO_DIALOG, NO_DIALOG_HINT};
use crate::services::library::{LibraryCommand, LibraryEvent};
use crate::services::models::{ModelCommand, ModelEvent};
use crate::services::passwords::Passwords;
use crate::window::app::appearance::apply_appearance;
use crate::window::app::frame_times::FrameTimes;
use crate::window::app::persistence::Saved;
use crate::window::app::records;
use crate::window::app::start::{Services, Start};
use crate::window::commands::Commands;
use crate::window::commands::palette::Palette;
use crate::window::export::export;
use crate::window::saved::session::SavedSession;
use crate::window::saved::settings::Settings;
use crate::window::screens;
use crate::window::state::library::LibraryState;
use crate::window::state::models::Models;
use crate::window::state::power::Power;
use crate::window::state::report::ErrorNotice;
use crate::window::state::scope::file_name;
use crate::window::state::screen::Screen;
use crate::window::tabs::{Tab, Tabs};
use crate::window::theme::{Look, Theme};

/// Longest time that a frame spends on events, so that many of them never block the window.
const EVENT_TIME: Duration = Duration::from_millis(4);

/// How long the window says that something was copied, in seconds.
const COPIED_SECS: f64 = 2.0;

/// Recto's window.
pub struct Window {
    pub(crate) tabs: Tabs,
    pub(crate) screen: Screen,
    pub(crate) library: LibraryState,
    pub(crate) palette: Palette,
    pub(crate) settings: Settings,
    pub(crate) models: Models,
    pub(crate) power: Power,
    pub(crate) session: SavedSession,
    pub(crate) services: Services,
    /// Passwords typed since the start.
    pub(crate) passwords: Passwords,
    /// When something was last copied, in seconds of the window's clock.
    pub(crate) copied_secs: Option<f64>,
    /// Error to show on screens without a report.
    pub(crate) error: Option<ErrorNotice>,
    /// Focus the search field in the next frame.
    pub(crate) focus_find: bool,
    pub(crate) theme: Arc<Theme>,
    pub(crate) dialog: FileDialog,
    /// Removed reports with work that has not ended.
    pub(crate) removals: Vec<Removal>,
    /// Question to ask once the report in front is open.
    pub(crate) question: Option<String>,
    /// Path of the sample report, if it is installed.
    pub(crate) sample: Option<PathBuf>,
    pub(super) saved: Saved,
    frame_times: Option<FrameTimes>,
}

/// A removed report.
pub(crate) struct Removal {
    /// The report.
    pub hash: String,
    /// Requests that have not ended and may still save results.
    pub waits: Vec<RequestId>,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.save();
        if let Some(times) = &self.frame_times {
            tracing::info!("{}", times.words());
        }
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("tabs", &self.tabs).finish_non_exhaustive()
    }
}

impl Window {
    /// Creates the window; opens the given files in addition to those of the session, and asks the question about the first.
    ///
    /// # Errors
    /// If a file of the bundled theme is invalid.
    pub fn new(ctx: &egui::Context, mut services: Services, start: Start) -> Result<Self, toml::de::Error> {
        let theme = Arc::new(Theme::bundled()?);
        theme.install(ctx);
        // These keys zoom pages, not the interface.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let (session, settings) = records::load(services.library.as_mut());
        apply_appearance(&settings, ctx);
        if let Some(theme) = start.theme {
            ctx.set_theme(theme);
        }
        let passwords = Passwords::default();
        services.engine = passwords.with_engine(services.engine);
        services.viewer = passwords.with_viewer(services.viewer);
        let saved = Saved::new(&session);
        let mut window = Self {
            tabs: Tabs::default(),
            screen: Screen::Report,
            library: LibraryState::default(),
            palette: Palette::default(),
            settings,
            models: Models::default(),
            power: Power::default(),
            session,
            services,
            passwords,
            copied_secs: None,
            error: None,
            focus_find: false,
            theme,
            dialog: FileDialog::default(),
            removals: Vec::new(),
            question: start.question,
            sample: start.sample,
            saved,
            frame_times: start.times_frames_since.map(FrameTimes::since),
        };
        window.services.models.send(ModelCommand::List);
        window.open_first(start.files);
        Ok(window)
    }

    /// Exports the conversation on the report in front, as Markdown or a web page depending on the extension. An existing file
    /// is replaced.
    pub fn export_to(&mut self, path: PathBuf) {
        let Some(tab) = self.tabs.front_mut() else { return };
        let Some(report) = tab.hash().and_then(|hash| self.session.report(hash)) else { return };
        let export = export(path, report, tab);
        self.services.library.send(LibraryCommand::Export(export));
    }

    /// Restores the tabs of the session and opens these files, the first of them in front.
    fn open_first(&mut self, files: Vec<PathBuf>) {
        self.library.query.clone_from(&self.session.query);
        let mut front = 0;
        for (path, name, is_front) in self.session.tabs() {
            let known =
                self.session.open_reports().find(|report| report.path == path).map(|report| report.hash.clone());
            let name = name.unwrap_or_else(|| file_name(&path));
            let index = self.tabs.add(path, name);
            if let (Some(tab), Some(hash)) = (self.tabs.iter_mut().nth(index), known) {
                tab.set_known_as(hash);
            }
            if is_front {
                front = index;
            }
        }
        let Services { engine, viewer, .. } = &mut self.services;
        if files.is_empty() {
            self.tabs.bring_to_front(front, engine.as_mut(), viewer.as_mut());
            self.show(if self.tabs.len() == 0 { Screen::Library } else { self.session.screen });
        } else {
            self.open_files(files);
        }
    }

    /// Applies the events of all services.
    fn apply_events(&mut self, ctx: &egui::Context) {
        let start = Instant::now();
        let is_late = || start.elapsed() > EVENT_TIME;
        while let Some(event) = self.services.engine.try_recv() {
            if event.is_last() && !self.removals.is_empty() {
                self.remove_late_results(event.request());
            }
            if let Some(tab) = self.tabs.owner(event.request()) {
                // The end of an answer wakes the window only once, and is saved a moment later.
                self.saved.is_stale = true;
                tab.apply(event);
            }
            if is_late() {
                ctx.request_repaint();
                break;
            }
        }
        self.tabs.iter_mut().for_each(Tab::update_map);
        while let Some(event) = self.services.viewer.try_recv() {
            if let Some(tab) = self.tabs.shown_as(event.document()) {
                tab.view.apply(ctx, event, &mut tab.frame);
                tab.settle_refusal(self.services.engine.as_mut());
            }
            if is_late() {
                ctx.request_repaint();
                break;
            }
        }
        while let Some(event) = self.services.library.try_recv() {
            self.apply_library_event(event);
        }
        while let Some(event) = self.services.models.try_recv() {
            match &event {
                ModelEvent::Measured { name, device, speed } => self.settings.note_speed(name, *device, *speed),
                ModelEvent::Estimated { device, speeds } => self.settings.note_expected(*device, speeds.clone()),
                _ => {}
            }
            if matches!(event, ModelEvent::Measured { .. } | ModelEvent::Estimated { .. }) {
                self.save_settings();
            }
            if self.models.apply(event) {
                self.services.models.send(ModelCommand::List);
            }
        }
    }

    /// Removes what a request on a removed report saved until it ended.
    fn remove_late_results(&mut self, ended: RequestId) {
        for removal in &mut self.removals {
            if removal.waits.contains(&ended) {
                removal.waits.retain(|waiting| *waiting != ended);
                self.services.library.send(LibraryCommand::Remove(removal.hash.clone()));
            }
        }
        self.removals.retain(|removal| !removal.waits.is_empty());
    }

    fn apply_library_event(&mut self, event: LibraryEvent) {
        match event {
            LibraryEvent::Conversation { hash, bytes } => {
                let conversation = records::conversation(self.services.library.as_mut(), &hash, bytes);
                if let Some(tab) = self.tabs.iter_mut().find(|tab| tab.hash() == Some(&hash)) {
                    tab.restore_conversation(conversation);
                }
            }
            LibraryEvent::Found { query, hits, is_last } => self.library.found(&query, hits, is_last),
            LibraryEvent::Statuses(statuses) => self.library.set_statuses(statuses),
            LibraryEvent::Exported(path) => self.note(format!("Exported to {}", printable_path(&path))),
            LibraryEvent::Failed(report) => self.tell(ErrorNotice { message: report.message, hint: report.hint }),
        }
    }

    /// Restores views and conversations of reports whose hash is known by now.
    fn restore_tabs(&mut self) {
        self.close_duplicates();
        let mut asked = Vec::new();
        for tab in self.tabs.iter_mut() {
            asked.extend(tab.restore(&mut self.session));
        }
        for hash in asked {
            self.services.library.send(LibraryCommand::OpenConversation(hash));
        }
    }

    /// Closes a tab whose report is already open under another name, or was opened from where it was moved to.
    fn close_duplicates(&mut self) {
        let Some((kept, double)) = self.tabs.duplicate() else { return };
        let was_in_front = self.tabs.front_index() == double;
        self.close_tab(double);
        if was_in_front {
            self.show_tab(if double < kept { kept - 1 } else { kept });
        }
    }

    /// Handles requests from later starts of the program.
    fn take_open_requests(&mut self, ctx: &egui::Context) {
        while let Some(call) = self.services.open_requests.as_ref().and_then(|calls| calls.try_recv().ok()) {
            ctx.send_viewport_cmd(egui::ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(egui::ViewportCommand::Focus);
            self.open_files(call.files);
            if call.question.is_some() {
                self.question = call.question;
            }
        }
    }

    /// Says for a moment that something was copied, whatever part of the window copied it.
    fn note_copies(&mut self, ctx: &egui::Context) {
        let now = ctx.input(|input| input.time);
        let is_copy = |command: &egui::OutputCommand| matches!(command, egui::OutputCommand::CopyText(_));
        if ctx.output(|output| output.commands.iter().any(is_copy)) {
            self.copied_secs = Some(now);
        }
        let Some(since) = self.copied_secs else { return };
        let left = since + COPIED_SECS - now;
        if left > 0.0 {
            ctx.request_repaint_after_secs(if since == now { 0.0 } else { left as f32 });
        } else {
            self.copied_secs = None;
            ctx.request_repaint();
        }
    }

    /// Starts or holds background reading.
    fn read_in_background(&mut self) {
        while let Some(is_on_battery) = self.services.power.as_ref().and_then(|power| power.try_recv().ok()) {
            self.power.set_on_battery(is_on_battery);
        }
        let rests = self.power.is_reading_paused(self.settings.pauses_on_battery);
        if let Some(tab) = self.tabs.front_mut() {
            tab.state.rests_on_battery = rests;
        }
        let engine = self.services.engine.as_mut();
        if rests || self.models.is_measuring() {
            self.tabs.hold_readings(engine);
        } else {
            self.tabs.read_in_background(engine);
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let start = FrameTimes::start();
        self.apply_events(ctx);
        self.take_open_requests(ctx);
        self.restore_tabs();
        self.save_periodically(ctx);
        match self.dialog.poll() {
            Some(Chosen::Reports(paths)) => self.open_files(paths),
            Some(Chosen::Model(path)) => self.add_model(path),
            Some(Chosen::Export(path)) => self.export_to(path),
            Some(Chosen::NoDialog) => {
                self.tell(ErrorNotice { message: NO_DIALOG.to_owned(), hint: Some(NO_DIALOG_HINT.to_owned()) });
            }
            None => {}
        }
        self.read_in_background();
        self.show_target();
        self.ask_first_question();
        if let Some(times) = &mut self.frame_times {
            times.end_logic(start);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let start = FrameTimes::start();
        let look = Look::of(&self.theme, ui.ctx());
        let mut commands = Commands::default();
        self.shortcuts(ui.ctx(), &mut commands);
        self.draw(ui, &look, &mut commands);
        let (is_hovering, dropped) = ui.input(|input| {
            let dropped = input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect::<Vec<_>>();
            (!input.raw.hovered_files.is_empty(), dropped)
        });
        if self.copied_secs.is_some() {
            screens::copied_ui(ui, &look);
        }
        if is_hovering {
            screens::drop_hint_ui(ui, &look);
        }
        if !dropped.is_empty() {
            self.open_files(dropped);
        }
        if self.screen == Screen::Library && ui.input(|input| input.events.contains(&egui::Event::WindowFocused(true)))
        {
            // Files may have moved.
            self.show(Screen::Library);
        }
        self.saved.is_stale |= !commands.is_empty() || ui.input(|input| !input.events.is_empty());
        for command in commands {
            self.dispatch(ui.ctx(), command);
        }
        if let Some(tab) = self.tabs.front_mut() {
            if let (Some(document), Some(query)) = (tab.view.file.document, tab.view.take_query()) {
                self.services.viewer.send(ViewCommand::Find { document, query });
            }
            if let Some(text) = tab.view.take_copied() {
                ui.ctx().copy_text(text);
            }
            if let Some(wanted) = tab.view.end_frame(&mut tab.frame) {
                self.services.viewer.send(ViewCommand::Want(wanted));
            }
        }
        self.note_copies(ui.ctx());
        self.note_size(ui.ctx());
        if let Some(times) = &mut self.frame_times {
            times.end_drawing(start);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
