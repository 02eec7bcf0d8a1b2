//! The window itself: takes events in before a frame, draws the frame, then carries out what the user did in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, CentralPanel, Key, KeyboardShortcut, Modifiers, Panel, Ui};

use super::command::UserCommand;
use super::dialog::FileDialog;
use super::engine_client::EngineClient;
use super::state::{Remote, State, Trouble};
use super::theme::{Look, Theme};
use super::{screens, update};

/// Longest time a frame spends on events, so that a flood of them never holds the window.
const EVENT_TIME: Duration = Duration::from_millis(4);

const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const QUIT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Q);

/// Recto's window.
pub struct Window {
    state: State,
    engine: Box<dyn EngineClient>,
    theme: Arc<Theme>,
    dialog: FileDialog,
    ask_when_ready: bool,
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
        engine: Box<dyn EngineClient>,
        files: Vec<PathBuf>,
        question: Option<String>,
    ) -> Result<Self, toml::de::Error> {
        let theme = Arc::new(Theme::bundled()?);
        theme.install(ctx);
        let mut state = State::default();
        let ask_when_ready = question.is_some();
        state.question = question.unwrap_or_default();
        let mut window = Self { state, engine, theme, dialog: FileDialog::default(), ask_when_ready };
        window.open_first_of(files);
        Ok(window)
    }

    fn open_first_of(&mut self, files: Vec<PathBuf>) {
        let count = files.len();
        let Some(first) = files.into_iter().next() else { return };
        update::open_file(&mut self.state, self.engine.as_mut(), first);
        if count > 1 {
            self.state.trouble = Some(Trouble {
                message: format!("{count} files were given and the first of them was opened"),
                hint: Some("The window shows one report at a time; open the others one by one".into()),
            });
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context, command: UserCommand) {
        match command {
            UserCommand::ChooseFile => self.choose_file(ctx),
            UserCommand::OpenFile(path) => update::open_file(&mut self.state, self.engine.as_mut(), path),
            UserCommand::Ask => update::ask(&mut self.state, self.engine.as_mut()),
            UserCommand::AskAgain(turn) => update::ask_again(&mut self.state, self.engine.as_mut(), turn),
            UserCommand::Cancel => update::cancel(&mut self.state, self.engine.as_mut()),
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

    fn shortcuts(&self, ctx: &egui::Context, commands: &mut Vec<UserCommand>) {
        ctx.input_mut(|input| {
            if input.consume_shortcut(&OPEN) {
                commands.push(UserCommand::ChooseFile);
            }
            if input.consume_shortcut(&QUIT) {
                commands.push(UserCommand::Quit);
            }
            if self.state.work.is_some() && input.key_pressed(Key::Escape) {
                commands.push(UserCommand::Cancel);
            }
        });
    }

    fn draw(&mut self, ui: &mut Ui, look: &Look, commands: &mut Vec<UserCommand>) {
        let state = &mut self.state;
        if matches!(state.document, Remote::Absent) && state.trouble.is_none() {
            CentralPanel::default().frame(look.panel(0.0)).show(ui, |ui| screens::welcome_ui(ui, look, commands));
            return;
        }
        let sizes = look.sizes();
        let panel = look.panel(sizes.gap);
        Panel::top("top").frame(panel).resizable(false).show(ui, |ui| screens::top_ui(ui, look, state, commands));
        let mut question = std::mem::take(&mut state.question);
        Panel::bottom("question").frame(panel).resizable(false).show(ui, |ui| {
            screens::question_ui(ui, look, state, &mut question, commands);
        });
        state.question = question;
        state.focus_question = false;
        Panel::right("evidence")
            .frame(panel)
            .resizable(false)
            .exact_size(sizes.evidence_width)
            .show(ui, |ui| screens::evidence_ui(ui, look, state));
        CentralPanel::default()
            .frame(look.panel(sizes.gap))
            .show(ui, |ui| screens::answers_ui(ui, look, state, commands));
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let start = Instant::now();
        while let Some(event) = self.engine.try_recv() {
            update::absorb(&mut self.state, event);
            if start.elapsed() > EVENT_TIME {
                ctx.request_repaint();
                break;
            }
        }
        if let Some(path) = self.dialog.poll() {
            update::open_file(&mut self.state, self.engine.as_mut(), path);
        }
        update::read_behind(&mut self.state, self.engine.as_mut());
        if self.ask_when_ready && self.state.can_ask() {
            self.ask_when_ready = false;
            update::ask(&mut self.state, self.engine.as_mut());
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
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
