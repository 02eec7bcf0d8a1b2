//! Commands for the report in front, and for its pages.

use crate::window::app::{Services, Window};
use crate::window::commands::ReportCommand;
use crate::window::pages::ViewAction;
use crate::window::remote::Remote;
use crate::window::state::engine_events;
use crate::window::state::report::Draft;
use crate::window::state::scope::Scope;

impl Window {
    pub(super) fn dispatch_report(&mut self, command: ReportCommand) {
        if command == ReportCommand::Ask {
            self.prepare_question(self.tabs.front().map(|tab| tab.state.scope.clone()));
        }
        if command == ReportCommand::Unlock {
            self.unlock();
            return;
        }
        let engine = self.services.engine.as_mut();
        let Some(tab) = self.tabs.front_mut() else { return };
        let state = &mut tab.state;
        match command {
            ReportCommand::Unlock => {}
            ReportCommand::Ask => engine_events::ask(state, engine, tab.view.nav.current),
            ReportCommand::SetScope(scope) => engine_events::set_scope(state, scope),
            ReportCommand::ChoosePages => engine_events::choose_pages(state),
            ReportCommand::FinishChoosingPages(text) => engine_events::end_pages(state, text.as_deref()),
            ReportCommand::FocusQuestion => state.focus_question = true,
            ReportCommand::DismissNote => state.note = None,
            ReportCommand::DismissWarnings => state.warnings.clear(),
            ReportCommand::ReadPageFirst(page) => engine_events::read_first(state, engine, page),
            ReportCommand::PauseReading => engine_events::pause_reading(state, engine),
            ReportCommand::ResumeReading => engine_events::go_on_reading(state, engine),
            ReportCommand::StopReading => engine_events::stop_reading(state, engine),
            ReportCommand::ShowFigures(is_shown) => tab.shows_figures = is_shown,
            ReportCommand::ExcludeFigure { figure, is_excluded } => {
                engine_events::leave_out(state, figure, is_excluded);
                tab.reading_is_stale = true;
            }
            ReportCommand::Cancel => engine_events::cancel(state, engine),
        }
    }

    /// Opens the report in front with the typed password.
    fn unlock(&mut self) {
        let Some(tab) = self.tabs.front_mut() else { return };
        self.passwords.insert(tab.path.clone(), std::mem::take(&mut tab.password));
        if let Some((hash, conversation)) = tab.news() {
            self.save_conversation(hash, &conversation);
        }
        let Some(tab) = self.tabs.front_mut() else { return };
        let Services { engine, viewer, .. } = &mut self.services;
        tab.reopen(engine.as_mut(), viewer.as_mut());
    }

    pub(super) fn dispatch_view(&mut self, action: ViewAction) {
        let Some(tab) = self.tabs.front_mut() else { return };
        if action == ViewAction::Unmark {
            tab.state.pointed_out = None;
        }
        if matches!(action, ViewAction::ShowContents(_)) {
            tab.shows_figures = false;
        }
        tab.view.dispatch(action);
    }

    /// Prepares for a question with this scope: interrupts background readings that would delay it, and collects the figures
    /// excluded in other reports of the scope.
    pub(super) fn prepare_question(&mut self, scope: Option<Scope>) {
        let Some(scope) = scope else { return };
        let excluded_elsewhere = self.tabs.left_out_of(scope.others());
        let engine = self.services.engine.as_mut();
        if scope.others().is_empty() {
            self.tabs.hold_other_readings(engine);
        } else {
            // Everything read so far is on disk.
            self.tabs.hold_readings(engine);
        }
        if let Some(tab) = self.tabs.front_mut() {
            tab.state.left_out_elsewhere = excluded_elsewhere;
        }
    }

    /// Asks the question given at the start, or the one asked before the report was open.
    pub(crate) fn ask_first_question(&mut self) {
        let Some(tab) = self.tabs.front_mut() else { return };
        if !matches!(tab.state.document, Remote::Ready(_)) || tab.state.work.is_some() {
            return;
        }
        if let Some(question) = self.question.take() {
            // The user's draft stays in the field.
            let (editing, draft) = (tab.state.editing.take(), std::mem::replace(&mut tab.state.question, question));
            self.dispatch_report(ReportCommand::Ask);
            if let Some(tab) = self.tabs.front_mut() {
                tab.state.editing = editing;
                tab.state.question = draft;
            }
        } else if std::mem::take(&mut tab.state.draft) == Draft::AskedOnceOpen {
            self.dispatch_report(ReportCommand::Ask);
        }
    }
}
