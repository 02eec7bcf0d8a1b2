//! Carries out what the user did.

use std::path::PathBuf;

use eframe::egui;

use crate::platform::file_dialog::{Choice, SaveAs};
use crate::services::library::{HitLocation, LibraryCommand};
use crate::services::models::ModelCommand;
use crate::window::Services;
use crate::window::app::frame::{Removal, Window};
use crate::window::app::turn_commands;
use crate::window::commands::{Screen, TurnCommand, UserCommand};
use crate::window::export::Form;
use crate::window::pages::{Marks, ViewAction};
use crate::window::saved::settings::Settings;
use crate::window::screens::is_opened;
use crate::window::state::engine_events;
use crate::window::state::models::TokenSight;
use crate::window::state::report::{Draft, Remote, State, Trouble, Turn};
use crate::window::state::scope::{Scope, file_name};
use crate::window::state::tab::Then;

impl Window {
    /// Carries out one thing the user did.
    pub(crate) fn dispatch(&mut self, ctx: &egui::Context, command: UserCommand) {
        match command {
            UserCommand::ChooseFile => self.choose(ctx, Choice::Reports),
            UserCommand::OpenFile(path) => self.open_files(vec![path]),
            UserCommand::OpenHit(at) => self.open_hit(at),
            UserCommand::ShowTab(index) => self.show_tab(index),
            UserCommand::StepTab(by) => {
                let count = self.tabs.len().max(1) as isize;
                self.show_tab((self.tabs.front_index() as isize + by).rem_euclid(count) as usize);
            }
            UserCommand::CloseTab(index) => self.close_tab(index),
            UserCommand::Show(screen) => self.show(screen),
            UserCommand::TogglePalette => self.palette.toggle(),
            UserCommand::SearchLibrary => self.search_library(),
            UserCommand::AskToRemove(report) => self.library.to_remove = report,
            UserCommand::Remove(hash) => self.remove(&hash),
            UserCommand::FocusFind => self.focus_find = true,
            UserCommand::DismissError => self.dismiss_error(),
            UserCommand::ReadOnBattery => self.power.read_on(),
            UserCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            UserCommand::CopyAnswer(turn) => {
                let turn = self.tabs.front().and_then(|tab| tab.state.turns.get(turn));
                ctx.copy_text(turn.map(Turn::with_citations).unwrap_or_default());
            }
            UserCommand::ChooseExport(form) => {
                let name = self.tabs.front().map_or("", |tab| tab.name.as_str());
                let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                let file = SaveAs {
                    stem: format!("{stem} conversation"),
                    format: form.name(),
                    extension: form.ending(),
                    accepted: Form::ALL_EXTENSIONS,
                };
                self.choose(ctx, Choice::Export(file));
            }
            UserCommand::OpenAddress(address) if is_opened(&address) => ctx.open_url(egui::OpenUrl::new_tab(address)),
            UserCommand::OpenAddress(_) => {}
            UserCommand::ShowInReport(path, marks) => self.show_in_report(path, marks),
            UserCommand::Set(settings) => self.set(ctx, settings),
            UserCommand::Model(command) => self.begin_with_model(command),
            UserCommand::AskAboutModel(asked) => self.ask_about_model(asked),
            UserCommand::TypeToken => self.models.token = TokenSight::Unknown,
            UserCommand::TrySample => self.try_sample(),
            UserCommand::DismissFresh => self.models.fresh = None,
            UserCommand::ChooseModelFolder => self.choose(ctx, Choice::Model),
            of_report => self.dispatch_to_report(of_report),
        }
    }

    fn dispatch_to_report(&mut self, command: UserCommand) {
        let engine = self.services.engine.as_mut();
        let scope = self.tabs.front().and_then(|tab| asked_scope(&tab.state, &command));
        let left_out_elsewhere = scope.map(|scope| self.tabs.left_out_of(scope.others()));
        match scope {
            // One question on several reports: what is read of each of them is on the disk.
            Some(scope) if !scope.others().is_empty() => self.tabs.hold_readings(engine),
            Some(_) => self.tabs.hold_other_readings(engine),
            None => {}
        }
        let Some(tab) = self.tabs.front_mut() else { return };
        tab.state.left_out_elsewhere = left_out_elsewhere.unwrap_or_default();
        match command {
            UserCommand::Ask => engine_events::ask(&mut tab.state, engine, tab.view.nav.current),
            UserCommand::Turn(command) => {
                if let Some((path, marks)) = turn_commands::dispatch(tab, engine, &command) {
                    self.show_in_report(path, marks);
                }
            }
            UserCommand::SetScope(scope) => engine_events::set_scope(&mut tab.state, scope),
            UserCommand::ChoosePages => engine_events::choose_pages(&mut tab.state),
            UserCommand::EndPages(text) => engine_events::end_pages(&mut tab.state, text.as_deref()),
            UserCommand::FocusQuestion => tab.state.focus_question = true,
            UserCommand::DrawRegion { page, rect } => {
                engine_events::set_scope(&mut tab.state, Scope::Region { page, rect })
            }
            UserCommand::DismissNote => tab.state.note = None,
            UserCommand::View(action) => {
                match action {
                    ViewAction::Unmark => tab.state.pointed_out = None,
                    ViewAction::ShowContents(_) => tab.shows_figures = false,
                    _ => {}
                }
                tab.view.dispatch(action);
            }
            UserCommand::ReadFirst(page) => engine_events::read_first(&mut tab.state, engine, page),
            UserCommand::StopReading => engine_events::stop_reading(&mut tab.state, engine),
            UserCommand::ShowFigures(is_shown) => tab.shows_figures = is_shown,
            UserCommand::LeaveOut { figure, is_out } => {
                engine_events::leave_out(&mut tab.state, figure, is_out);
                tab.reading_is_stale = true;
            }
            UserCommand::PauseReading => engine_events::pause_reading(&mut tab.state, engine),
            UserCommand::GoOnReading => engine_events::go_on_reading(&mut tab.state, engine),
            UserCommand::DismissWarnings => tab.state.warnings.clear(),
            UserCommand::Cancel => engine_events::cancel(&mut tab.state, engine),
            // The rest is about more than one report.
            _ => {}
        }
    }

    fn show_in_report(&mut self, path: PathBuf, marks: Marks) {
        self.open_files(vec![path]);
        if let Some(tab) = self.tabs.front_mut() {
            tab.then = Some(Then::Marks(marks));
        }
    }

    /// Opens files beside what is open, the first of them in front. One that is open already is brought to the front.
    pub(crate) fn open_files(&mut self, paths: Vec<PathBuf>) {
        let mut front = None;
        for path in paths {
            let name = file_name(&path);
            let index = self.tabs.position(&path).unwrap_or_else(|| self.tabs.add(path, name));
            front = front.or(Some(index));
        }
        if let Some(front) = front {
            self.show_tab(front);
        }
    }

    /// Brings a report to the front.
    pub(crate) fn show_tab(&mut self, index: usize) {
        self.screen = Screen::Report;
        self.trouble = None;
        for tab in self.tabs.iter_mut() {
            tab.state.compute = self.settings.compute();
        }
        let Services { engine, viewer, .. } = &mut self.services;
        self.tabs.bring_to_front(index, engine.as_mut(), viewer.as_mut());
    }

    /// Closes a report.
    pub(crate) fn close_tab(&mut self, index: usize) {
        self.note_places();
        let news = self.tabs.iter_mut().nth(index).and_then(crate::window::state::tab::Tab::news);
        if let Some((hash, conversation)) = news {
            self.save_conversation(hash, &conversation);
        }
        let Services { engine, viewer, .. } = &mut self.services;
        self.tabs.close(index, engine.as_mut(), viewer.as_mut());
        if self.tabs.len() == 0 {
            self.show(Screen::Library);
        }
    }

    pub(crate) fn show(&mut self, screen: Screen) {
        self.screen = screen;
        if screen == Screen::Library {
            let reports = self.session.reports().map(|report| (report.hash.clone(), report.path.clone())).collect();
            self.services.library.send(LibraryCommand::Look(reports));
            self.search_library();
        }
        if screen == Screen::Settings {
            self.services.models.send(ModelCommand::List);
        }
    }

    fn choose(&mut self, ctx: &egui::Context, choice: Choice) {
        let waking = ctx.clone();
        if let Err(error) = self.dialog.open(choice, move || waking.request_repaint()) {
            self.tell(Trouble {
                message: format!("the file dialog could not be opened: {error}"),
                hint: Some("Drop the file on the window instead".into()),
            });
        }
    }

    /// Says that something was done, where the user looks.
    pub(crate) fn note(&mut self, note: String) {
        if let Some(tab) = self.tabs.front_mut() {
            tab.state.note = Some(note);
        }
    }

    /// Says what went wrong where the user looks.
    pub(crate) fn tell(&mut self, trouble: Trouble) {
        match self.tabs.front_mut().filter(|_| self.screen == Screen::Report) {
            Some(tab) => tab.state.trouble = Some(trouble),
            None => self.trouble = Some(trouble),
        }
    }

    fn dismiss_error(&mut self) {
        self.trouble = None;
        self.models.trouble = None;
        let Some(tab) = self.tabs.front_mut() else { return };
        tab.state.trouble = None;
        if tab.state.document == Remote::Failed && self.screen == Screen::Report {
            self.close_tab(self.tabs.front_index());
        }
    }

    fn search_library(&mut self) {
        if self.library.search() {
            let query = self.library.searched.clone();
            let reports = self.session.reports().map(|report| report.hash.clone()).collect();
            self.services.library.send(LibraryCommand::Search { query, reports });
        }
    }

    fn open_hit(&mut self, at: usize) {
        let Some(hit) = self.library.hits.get(at) else { return };
        let Some(path) = self.session.report(&hit.hash).map(|report| report.path.clone()) else { return };
        let then = match hit.place {
            HitLocation::Page(page) => Then::Page(page, self.library.searched.clone()),
            HitLocation::Turn(turn) => Then::Turn(turn),
        };
        self.open_files(vec![path]);
        if let Some(tab) = self.tabs.front_mut() {
            tab.then = Some(then);
        }
    }

    /// Shows, in a report that has come to the front, what it was opened for.
    pub(crate) fn show_what_was_meant(&mut self) {
        let Some(tab) = self.tabs.front_mut().filter(|tab| tab.recall == crate::window::state::tab::Recall::Done)
        else {
            return;
        };
        match tab.then.take() {
            Some(Then::Page(page, words)) => {
                tab.view.saved.query = words;
                tab.view.dispatch(ViewAction::GoTo(page));
            }
            Some(Then::Marks(marks)) => tab.view.dispatch(ViewAction::Show(marks)),
            Some(Then::Turn(turn)) => tab.state.point_out(turn),
            None => {}
        }
    }

    fn remove(&mut self, hash: &str) {
        let open = self.tabs.iter().position(|tab| tab.hash() == Some(hash));
        if let Some(index) = open {
            let screen = self.screen;
            let waits = self.tabs.iter().nth(index).map(crate::window::state::tab::Tab::requests).unwrap_or_default();
            self.removals.push(Removal { hash: hash.to_owned(), waits });
            self.close_tab(index);
            self.screen = screen;
        }
        self.session.forget(hash);
        self.library.forget(hash);
        self.services.library.send(LibraryCommand::Remove(hash.to_owned()));
    }

    fn set(&mut self, ctx: &egui::Context, settings: Settings) {
        if settings == self.settings {
            return;
        }
        self.settings = settings;
        self.settings.apply(ctx);
        for tab in self.tabs.iter_mut() {
            tab.state.compute = self.settings.compute();
        }
        self.save_settings();
    }

    /// Asks the question the program was started with, or the one that the user could not wait to ask, once its report is open.
    pub(crate) fn ask_first_question(&mut self) {
        let Some(tab) = self.tabs.front_mut() else { return };
        if !matches!(tab.state.document, Remote::Ready(_)) || tab.state.work.is_some() {
            return;
        }
        if let Some(question) = self.question.take() {
            // What the user was writing there stays.
            let (editing, draft) = (tab.state.editing.take(), std::mem::replace(&mut tab.state.question, question));
            self.dispatch_to_report(UserCommand::Ask);
            if let Some(tab) = self.tabs.front_mut() {
                tab.state.editing = editing;
                tab.state.question = draft;
            }
        } else if std::mem::take(&mut tab.state.draft) == Draft::AskedOnceOpen {
            self.dispatch_to_report(UserCommand::Ask);
        }
    }
}

/// What a question is about that a command asks.
fn asked_scope<'a>(state: &'a State, command: &UserCommand) -> Option<&'a Scope> {
    match command {
        UserCommand::Ask => Some(&state.scope),
        UserCommand::Turn(TurnCommand::AskAgain(turn) | TurnCommand::Regenerate(turn)) => {
            state.turns.get(*turn).map(|turn| &turn.scope)
        }
        _ => None,
    }
}
