//! The window itself: takes events in before a frame, draws the frame, then carries out what the user did in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Ui};
use engine::protocol::RequestId;
use engine::viewer::ViewCommand;

use crate::platform::file_dialog::{Chosen, FileDialog};
use crate::services::library::{LibraryCommand, LibraryEvent};
use crate::services::models::{ModelCommand, ModelEvent};
use crate::window::app::frame_times::FrameTimes;
use crate::window::app::records;
use crate::window::commands::Screen;
use crate::window::commands::palette::Palette;
use crate::window::export::export;
use crate::window::saved::session::{SavedSession, UnvisitedTab};
use crate::window::saved::settings::Settings;
use crate::window::state::library::LibraryState;
use crate::window::state::models::Models;
use crate::window::state::power::Power;
use crate::window::state::report::Trouble;
use crate::window::state::scope::file_name;
use crate::window::state::tab::{Recall, Tab};
use crate::window::state::tabs::Tabs;
use crate::window::theme::{Look, Theme};
use crate::window::{Services, Start, screens};

/// Longest time a frame spends on events, so that a flood of them never holds the window.
const EVENT_TIME: Duration = Duration::from_millis(4);

/// How often what has changed is kept.
const KEPT_EVERY: Duration = Duration::from_secs(1);

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
    /// What went wrong while no report was open.
    pub(crate) trouble: Option<Trouble>,
    /// The field for words to look for gets the focus in the next frame.
    pub(crate) focus_find: bool,
    pub(crate) theme: Arc<Theme>,
    pub(crate) dialog: FileDialog,
    /// Reports that are removed while something is still being made from them.
    pub(crate) removals: Vec<Removal>,
    /// A question that is asked as soon as the first report is open.
    pub(crate) question: Option<String>,
    /// The sample report, where it was found.
    pub(crate) sample: Option<PathBuf>,
    kept: Kept,
    frame_times: Option<FrameTimes>,
}

/// A report that was removed.
pub(crate) struct Removal {
    /// The report.
    pub hash: String,
    /// Work on it that has not ended, and may still keep something.
    pub waits: Vec<RequestId>,
}

/// What is remembered, as it was last written.
struct Kept {
    session: SavedSession,
    at: Instant,
    /// Whether the user or the engine did anything since.
    is_stale: bool,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.keep();
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
    /// A window that opens the files it starts with beside those that were open, and asks its question on the first.
    ///
    /// # Errors
    /// When a file of the bundled theme is broken.
    pub fn new(ctx: &egui::Context, mut services: Services, start: Start) -> Result<Self, toml::de::Error> {
        let theme = Arc::new(Theme::bundled()?);
        theme.install(ctx);
        // These keys make pages larger, not buttons.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let (session, settings) = records::load(services.library.as_mut());
        settings.apply(ctx);
        if let Some(theme) = start.theme {
            ctx.set_theme(theme);
        }
        let kept = Kept { session: session.clone(), at: Instant::now(), is_stale: false };
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
            trouble: None,
            focus_find: false,
            theme,
            dialog: FileDialog::default(),
            removals: Vec::new(),
            question: start.question,
            sample: start.sample,
            kept,
            frame_times: start.times_frames_since.map(FrameTimes::since),
        };
        window.services.models.send(ModelCommand::List);
        window.open_first(start.files);
        Ok(window)
    }

    /// Writes the conversation on the report in front to a file: Markdown where its name ends so, else a web page. What was
    /// there before is replaced.
    pub fn export_to(&mut self, path: PathBuf) {
        let Some(tab) = self.tabs.front_mut() else { return };
        let Some(report) = tab.hash().and_then(|hash| self.session.report(hash)) else { return };
        let export = export(path, report, tab);
        self.services.library.send(LibraryCommand::Export(export));
    }

    /// Opens what was open, and these files, the first of which comes to the front.
    fn open_first(&mut self, files: Vec<PathBuf>) {
        self.library.query.clone_from(&self.session.query);
        let mut front = 0;
        for (path, name, is_front) in self.session.tabs() {
            let name = name.unwrap_or_else(|| file_name(&path));
            let index = self.tabs.add(path, name);
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

    /// Takes in what came of the work of others.
    fn apply_events(&mut self, ctx: &egui::Context) {
        let start = Instant::now();
        let is_late = || start.elapsed() > EVENT_TIME;
        while let Some(event) = self.services.engine.try_recv() {
            if event.is_last() && !self.removals.is_empty() {
                self.remove_what_came_late(event.request());
            }
            if let Some(tab) = self.tabs.owner(event.request()) {
                // The last piece of an answer wakes the window once, and is kept a moment later.
                self.kept.is_stale = true;
                tab.apply(event);
            }
            if is_late() {
                ctx.request_repaint();
                break;
            }
        }
        self.tabs.iter_mut().for_each(Tab::draw_up_map);
        while let Some(event) = self.services.viewer.try_recv() {
            if let Some(tab) = self.tabs.shown_as(event.document()) {
                tab.view.apply(ctx, event, &mut tab.frame);
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

    /// Work on a report that was removed has ended: what it made until then goes too.
    fn remove_what_came_late(&mut self, ended: RequestId) {
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
                    tab.take_back(conversation);
                }
            }
            LibraryEvent::Found { query, hits, is_last } => self.library.found(&query, hits, is_last),
            LibraryEvent::Stands(statuses) => self.library.stands(statuses),
            LibraryEvent::Exported(path) => self.note(format!("Written to {}", path.display())),
            LibraryEvent::Failed(report) => self.tell(Trouble { message: report.message, hint: report.hint }),
        }
    }

    /// Once a report is known by its content: its place, and its conversation, are what they were.
    fn recall(&mut self) {
        self.close_doubles();
        let mut asked = Vec::new();
        for tab in self.tabs.iter_mut() {
            asked.extend(tab.recall(&mut self.session));
        }
        for hash in asked {
            self.services.library.send(LibraryCommand::OpenConversation(hash));
        }
    }

    /// The same report may have been opened under two names: one of them is enough.
    fn close_doubles(&mut self) {
        let hashes: Vec<Option<String>> = self.tabs.iter().map(|tab| tab.hash().map(str::to_owned)).collect();
        let is_double = |index: &usize| {
            hashes
                .get(*index)
                .is_some_and(|hash| hash.is_some() && hashes.iter().take(*index).any(|other| other == hash))
        };
        let Some(double) = (0..hashes.len()).find(is_double) else { return };
        let first = hashes.iter().position(|hash| Some(hash) == hashes.get(double)).unwrap_or(0);
        let was_in_front = self.tabs.front_index() == double;
        self.close_tab(double);
        if was_in_front {
            self.show_tab(first);
        }
    }

    /// Notes how things stand, where that has changed; whether it had.
    fn keep(&mut self) -> bool {
        self.note_places();
        self.note_open();
        let mut has_changed = false;
        let news: Vec<_> = self.tabs.iter_mut().filter_map(Tab::news).collect();
        for (hash, conversation) in news {
            has_changed = true;
            self.save_conversation(hash, &conversation);
        }
        if self.session != self.kept.session {
            has_changed = true;
            self.kept.session = self.session.clone();
            self.save_session();
        }
        self.kept.at = Instant::now();
        has_changed
    }

    /// Notes where one is in open reports, and what is being written about them.
    pub(crate) fn note_places(&mut self) {
        for tab in self.tabs.iter().filter(|tab| tab.recall != Recall::Unknown) {
            let Some(hash) = tab.hash() else { continue };
            if tab.view.nav.jump.is_none() && tab.view.file.is_ready() {
                self.session.note(hash, &tab.view.saved);
            }
            self.session.note_question(hash, &tab.state);
        }
    }

    /// Notes how large the window is, unless it fills the screen for a while.
    fn note_size(&mut self, ctx: &egui::Context) {
        let (size, is_whole) = ctx.input(|input| {
            let viewport = input.viewport();
            let fills = [viewport.maximized, viewport.fullscreen, viewport.minimized];
            (viewport.inner_rect.map(|rect| rect.size()), fills.contains(&Some(true)))
        });
        if let Some(size) = size.filter(|_| !is_whole) {
            self.session.window = Some((size.x.round(), size.y.round()));
        }
    }

    /// Does what other starts of the program want.
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

    /// Sees that reports are read behind, unless that is to rest.
    fn read_in_background(&mut self) {
        while let Some(is_on_battery) = self.services.power.as_ref().and_then(|power| power.try_recv().ok()) {
            self.power.told(is_on_battery);
        }
        let rests = self.power.rests(self.settings.pauses_on_battery);
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

    /// Notes which reports are open. One that was not opened yet, and none of those that are remembered, is known by its path
    /// alone.
    fn note_open(&mut self) {
        let hash_of = |tab: &Tab| {
            let known = tab.hash().map(str::to_owned);
            known.or_else(|| {
                self.session.reports().find(|report| report.path == tab.path).map(|report| report.hash.clone())
            })
        };
        let front_index = self.tabs.front_index();
        let (mut open, mut unvisited) = (Vec::new(), Vec::new());
        for (at, tab) in self.tabs.iter().enumerate() {
            match hash_of(tab) {
                Some(hash) => open.push(hash),
                None => unvisited.push(UnvisitedTab { at, path: tab.path.clone(), is_front: at == front_index }),
            }
        }
        let front = self.tabs.front().and_then(hash_of);
        self.session.open = open;
        self.session.unvisited = unvisited;
        self.session.front = front;
        self.session.screen = self.screen;
        self.session.query.clone_from(&self.library.query);
    }

    fn keep_now_and_then(&mut self, ctx: &egui::Context) {
        if self.kept.at.elapsed() < KEPT_EVERY {
            if self.kept.is_stale {
                ctx.request_repaint_after(KEPT_EVERY);
            }
            return;
        }
        let was_stale = std::mem::replace(&mut self.kept.is_stale, false);
        if self.keep() || was_stale {
            ctx.request_repaint_after(KEPT_EVERY);
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let start = FrameTimes::start();
        self.apply_events(ctx);
        self.take_open_requests(ctx);
        self.recall();
        self.keep_now_and_then(ctx);
        match self.dialog.poll() {
            Some(Chosen::Reports(paths)) => self.open_files(paths),
            Some(Chosen::Model(path)) => self.add_model(path),
            Some(Chosen::Export(path)) => self.export_to(path),
            None => {}
        }
        self.read_in_background();
        self.show_what_was_meant();
        self.ask_first_question();
        if let Some(times) = &mut self.frame_times {
            times.end_logic(start);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let start = FrameTimes::start();
        let look = Look::of(&self.theme, ui.ctx());
        let mut commands = Vec::new();
        self.shortcuts(ui.ctx(), &mut commands);
        self.draw(ui, &look, &mut commands);
        let (is_hovering, dropped) = ui.input(|input| {
            let dropped = input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect::<Vec<_>>();
            (!input.raw.hovered_files.is_empty(), dropped)
        });
        if is_hovering {
            screens::drop_hint_ui(ui, &look);
        }
        if !dropped.is_empty() {
            self.open_files(dropped);
        }
        if self.screen == Screen::Library && ui.input(|input| input.events.contains(&egui::Event::WindowFocused(true)))
        {
            // Files may have been moved meanwhile.
            self.show(Screen::Library);
        }
        self.kept.is_stale |= !commands.is_empty() || ui.input(|input| !input.events.is_empty());
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
        self.note_size(ui.ctx());
        if let Some(times) = &mut self.frame_times {
            times.end_drawing(start);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
