//! The window itself: takes events in before a frame, draws the frame, then carries out what the user did in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, CentralPanel, Key, KeyboardShortcut, Modifiers, Panel, Ui};
use engine::viewer::{DocumentId, ViewCommand};

use super::command::UserCommand;
use super::desk::{Desk, KeptReport};
use super::dialog::FileDialog;
use super::pages::{Jump, PageView, ViewAction, Zoom};
use super::state::{Remote, State, Trouble};
use super::theme::{Look, Theme};
use super::{Helpers, screens, update};

/// Longest time a frame spends on events, so that a flood of them never holds the window.
const EVENT_TIME: Duration = Duration::from_millis(4);

/// How often what has changed is kept.
const SAVED_EVERY: Duration = Duration::from_secs(1);

const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
/// Keys that change how the report is looked at.
const VIEW_SHORTCUTS: [(KeyboardShortcut, ViewAction); 6] = [
    (KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft), ViewAction::Back),
    (KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight), ViewAction::Forward),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Plus), ViewAction::ZoomBy(1.25)),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Equals), ViewAction::ZoomBy(1.25)),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Minus), ViewAction::ZoomBy(0.8)),
    (KeyboardShortcut::new(Modifiers::COMMAND, Key::Num0), ViewAction::Zoom(Zoom::FitWidth)),
];

const FIND: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::F);
const QUIT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Q);

/// Recto's window.
pub struct Window {
    state: State,
    view: PageView,
    saved: Saved,
    helpers: Helpers,
    /// What stands in the field for a page's number, while the user writes there.
    page_number: Option<String>,
    /// The field for words to look for gets the focus in the next frame.
    focus_find: bool,
    theme: Arc<Theme>,
    dialog: FileDialog,
    ask_when_ready: bool,
}

/// What is remembered, as it was last written.
struct Saved {
    desk: Desk,
    at: Instant,
    /// Whether the open report was made what it was.
    is_restored: bool,
}

impl Drop for Window {
    fn drop(&mut self) {
        self.remember();
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Window {
    /// A window that opens the first of `files` and asks `question` once it is open.
    ///
    /// # Errors
    /// When a file of the bundled theme is broken.
    pub fn new(
        ctx: &egui::Context,
        mut helpers: Helpers,
        files: Vec<PathBuf>,
        question: Option<String>,
    ) -> Result<Self, toml::de::Error> {
        let theme = Arc::new(Theme::bundled()?);
        theme.install(ctx);
        // These keys make pages larger, not buttons.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let mut state = State::default();
        let ask_when_ready = question.is_some();
        state.question = question.unwrap_or_default();
        let (view, dialog) = (PageView::default(), FileDialog::default());
        let (desk, _) = Desk::from_bytes(helpers.keeper.load().as_deref());
        let files = if files.is_empty() { desk.open_file().into_iter().collect() } else { files };
        let saved = Saved { desk, at: Instant::now(), is_restored: false };
        let mut window =
            Self { state, view, saved, helpers, page_number: None, focus_find: false, theme, dialog, ask_when_ready };
        window.open_first_of(files);
        Ok(window)
    }

    fn open_first_of(&mut self, files: Vec<PathBuf>) {
        let count = files.len();
        let Some(first) = files.into_iter().next() else { return };
        self.open_file(first);
        if count > 1 {
            self.state.trouble = Some(Trouble {
                message: format!("{count} files were given and the first of them was opened"),
                hint: Some("The window shows one report at a time; open the others one by one".into()),
            });
        }
    }

    /// Shows a file and reads it, each in a thread of its own: the first page need not wait for the reading.
    fn open_file(&mut self, path: PathBuf) {
        self.remember();
        update::open_file(&mut self.state, self.helpers.engine.as_mut(), path.clone());
        self.saved.is_restored = false;
        let document = DocumentId(self.state.requests);
        if let Some(before) = self.view.document {
            self.helpers.viewer.send(ViewCommand::Close(before));
        }
        self.view.open(document);
        self.helpers.viewer.send(ViewCommand::Open { document, path, password: None });
    }

    /// Once the report is known: its conversation, and the place where one was, are what they were.
    fn restore(&mut self) {
        let Remote::Ready(info) = &self.view.info else { return };
        if std::mem::replace(&mut self.saved.is_restored, true) {
            return;
        }
        let Some(kept) = self.saved.desk.report(&info.hash) else { return };
        self.view.zoom = kept.zoom;
        self.view.jump = Some(Jump::Top(kept.top));
        let asked = std::mem::take(&mut self.state.turns);
        self.state.turns = kept.turns();
        self.state.turns.extend(asked);
    }

    /// Notes how things stand, where that has changed since.
    fn remember(&mut self) {
        let Remote::Ready(info) = &self.view.info else { return };
        if !self.saved.is_restored || self.view.jump.is_some() {
            return;
        }
        let path = self.saved.desk.path_of(self.state.open_path());
        let report = KeptReport::new(info, path, &self.view, &self.state.turns);
        if self.saved.desk.put(report) {
            self.helpers.keeper.keep(self.saved.desk.to_bytes());
        }
        self.saved.at = Instant::now();
    }

    fn carry_out(&mut self, ctx: &egui::Context, command: UserCommand) {
        match command {
            UserCommand::ChooseFile => self.choose_file(ctx),
            UserCommand::OpenFile(path) => self.open_file(path),
            UserCommand::Ask => update::ask(&mut self.state, self.helpers.engine.as_mut()),
            UserCommand::AskAgain(turn) => update::ask_again(&mut self.state, self.helpers.engine.as_mut(), turn),
            UserCommand::View(action) => self.view.act(action),
            UserCommand::LookAtSource { turn, source } => {
                if let Some(turn) = self.state.turns.get_mut(turn) {
                    turn.source = source;
                }
            }
            UserCommand::PauseReading => update::pause_reading(&mut self.state, self.helpers.engine.as_mut()),
            UserCommand::GoOnReading => update::go_on_reading(&mut self.state, self.helpers.engine.as_mut()),
            UserCommand::Cancel => update::cancel(&mut self.state, self.helpers.engine.as_mut()),
            UserCommand::DismissError => self.state.trouble = None,
            UserCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            UserCommand::SetTheme(preference) => ctx.set_theme(preference),
        }
    }

    fn choose_file(&mut self, ctx: &egui::Context) {
        let waking = ctx.clone();
        if let Err(error) = self.dialog.open(move || waking.request_repaint()) {
            self.state.trouble = Some(Trouble {
                message: format!("the file dialog could not be opened: {error}"),
                hint: Some("Drop the file on the window instead".into()),
            });
        }
    }

    fn shortcuts(&mut self, ctx: &egui::Context, commands: &mut Vec<UserCommand>) {
        let is_writing = ctx.memory(|memory| memory.focused().is_some());
        ctx.input_mut(|input| {
            for (shortcut, action) in VIEW_SHORTCUTS {
                if input.consume_shortcut(&shortcut) {
                    commands.push(UserCommand::View(action));
                }
            }
            commands.extend(self.page_keys(input, is_writing).map(UserCommand::View));
            if input.consume_shortcut(&FIND) {
                self.focus_find = true;
            }
            if input.consume_shortcut(&OPEN) {
                commands.push(UserCommand::ChooseFile);
            }
            if input.consume_shortcut(&QUIT) {
                commands.push(UserCommand::Quit);
            }
            if input.key_pressed(Key::Escape) {
                let has_work = self.state.work.is_some();
                commands.push(if has_work { UserCommand::Cancel } else { UserCommand::View(ViewAction::Unmark) });
            }
        });
    }

    /// Keys that turn pages; those that also move in a text only while none is written.
    fn page_keys(&self, input: &mut egui::InputState, is_writing: bool) -> Option<ViewAction> {
        let Remote::Ready(info) = &self.view.info else { return None };
        let (current, last) = (self.view.current, info.sizes_pt.len() as u32);
        let (before, after) = (current.saturating_sub(1).max(1), (current + 1).min(last));
        let keys = [
            (Key::PageDown, after, true),
            (Key::PageUp, before, true),
            (Key::ArrowRight, after, false),
            (Key::ArrowLeft, before, false),
            (Key::Home, 1, false),
            (Key::End, last, false),
        ];
        let mut pressed = keys.into_iter().filter(|(_, _, always)| *always || !is_writing);
        let (_, page, _) = pressed.find(|(key, _, _)| input.consume_key(Modifiers::NONE, *key))?;
        Some(ViewAction::GoTo(page))
    }

    fn draw(&mut self, ui: &mut Ui, look: &Look, commands: &mut Vec<UserCommand>) {
        let state = &mut self.state;
        if matches!(state.document, Remote::Absent) && state.trouble.is_none() {
            CentralPanel::default().frame(look.panel(0.0)).show(ui, |ui| {
                screens::welcome_ui(ui, look, &self.saved.desk, commands);
            });
            return;
        }
        let sizes = look.sizes();
        let panel = look.panel(sizes.gap);
        Panel::top("top").frame(panel).resizable(false).show(ui, |ui| {
            screens::top_ui(ui, look, state, (&mut self.view, &mut self.focus_find), commands);
        });
        Panel::left("page list")
            .frame(panel)
            .resizable(false)
            .exact_size(if self.view.find.is_on() {
                sizes.found_width
            } else {
                sizes.thumbnail_width + 3.0 * sizes.gap
            })
            .show(ui, |ui| {
                Panel::bottom("reading").frame(look.panel(0.0)).resizable(false).show(ui, |ui| {
                    screens::reading_ui(ui, look, state, commands);
                });
                if self.view.find.is_on() {
                    screens::hits_ui(ui, look, &self.view, commands);
                } else {
                    screens::page_list_ui(ui, look, state, &mut self.view, commands);
                }
            });
        let mut question = std::mem::take(&mut state.question);
        Panel::right("conversation").frame(panel).default_size(sizes.conversation_width).min_size(280.0).show(
            ui,
            |ui| {
                Panel::bottom("question").frame(look.panel(0.0)).resizable(false).show(ui, |ui| {
                    screens::question_ui(ui, look, state, &mut question, commands);
                });
                CentralPanel::default()
                    .frame(look.panel(0.0))
                    .show(ui, |ui| screens::answers_ui(ui, look, state, &mut self.view, commands));
            },
        );
        state.question = question;
        state.focus_question = false;
        CentralPanel::default().frame(look.desk()).show(ui, |ui| {
            Panel::top("pages bar").frame(look.panel(sizes.gap_small)).resizable(false).show(ui, |ui| {
                screens::pages_bar_ui(ui, look, &self.view, &mut self.page_number, commands);
            });
            screens::pages_ui(ui, look, &mut self.view);
        });
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let start = Instant::now();
        while let Some(event) = self.helpers.engine.try_recv() {
            update::absorb(&mut self.state, event);
            if start.elapsed() > EVENT_TIME {
                ctx.request_repaint();
                break;
            }
        }
        while let Some(event) = self.helpers.viewer.try_recv() {
            self.view.absorb(ctx, event);
            if start.elapsed() > EVENT_TIME {
                ctx.request_repaint();
                break;
            }
        }
        self.restore();
        if self.saved.at.elapsed() > SAVED_EVERY {
            self.remember();
        } else if self.saved.is_restored {
            // What the last frame changed is kept as well, when nothing comes any more.
            ctx.request_repaint_after(SAVED_EVERY);
        }
        if let Some(path) = self.dialog.poll() {
            self.open_file(path);
        }
        update::read_behind(&mut self.state, self.helpers.engine.as_mut());
        if self.ask_when_ready && self.state.can_ask() {
            self.ask_when_ready = false;
            update::ask(&mut self.state, self.helpers.engine.as_mut());
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let look = Look::of(&self.theme, ui.ctx());
        let mut commands = Vec::new();
        self.shortcuts(ui.ctx(), &mut commands);
        self.draw(ui, &look, &mut commands);
        let (hovering, dropped) = ui.input(|input| {
            let dropped = input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect::<Vec<_>>();
            (!input.raw.hovered_files.is_empty(), dropped)
        });
        if hovering {
            screens::drop_hint_ui(ui, &look);
        }
        commands.extend(dropped.into_iter().next().map(UserCommand::OpenFile));
        for command in commands {
            self.carry_out(ui.ctx(), command);
        }
        if let (Some(document), Some(query)) = (self.view.document, self.view.find.take_news()) {
            self.helpers.viewer.send(ViewCommand::Find { document, query });
        }
        if let Some(wanted) = self.view.end_frame() {
            self.helpers.viewer.send(ViewCommand::Want(wanted));
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
