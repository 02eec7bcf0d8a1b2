//! Which parts of the window are where. Lends each part the state it reads, the texts of the fields it edits, and the caches
//! it fills; nothing else changes while the window is drawn.

use eframe::egui::containers::panel::PanelState;
use eframe::egui::{CentralPanel, Panel, Pos2, Rect, Ui, vec2};

use crate::window::app::Window;
use crate::window::commands::Commands;
use crate::window::screens;
use crate::window::state::screen::Screen;
use crate::window::tabs::Tab;
use crate::window::theme::Look;

/// Narrowest that pages and conversation get, in points.
const LEAST_PAGES_WIDTH: f32 = 400.0;
const LEAST_CONVERSATION_WIDTH: f32 = 280.0;

/// The panel of the conversation.
const CONVERSATION: &str = "conversation";

impl Window {
    /// Draws the screen that is shown.
    pub(crate) fn draw(&mut self, ui: &mut Ui, look: &Look, commands: &mut Commands) {
        let screen = if self.tabs.len() == 0 && self.screen == Screen::Report { Screen::Library } else { self.screen };
        let panel = look.panel(look.sizes().gap_small);
        Panel::top("top").frame(panel).resizable(false).show(ui, |ui| self.top(ui, look, screen, commands));
        let error = self.error.as_ref();
        // Fields edit their texts, so these are lent apart from the state around them.
        let mut form = std::mem::take(&mut self.models.form);
        let mut search = std::mem::take(&mut self.library.query);
        let has_sample = self.sample.is_some();
        let view = screens::ModelsView { models: &self.models, settings: &self.settings, has_sample };
        match screen {
            Screen::Report => self.draw_report(ui, look, commands),
            Screen::Library => {
                CentralPanel::default().frame(look.panel(0.0)).show(ui, |ui| {
                    let reports = (&self.session, &self.library);
                    screens::library_ui(ui, look, reports, view, error, (&mut search, &mut form), commands);
                });
            }
            Screen::Settings => {
                CentralPanel::default().frame(look.panel(0.0)).show(ui, |ui| {
                    screens::settings_ui(ui, look, view, &mut form, commands);
                });
            }
        }
        self.models.form = form;
        self.library.query = search;
        self.models.shows_asked = false;
        if self.palette.is_open {
            screens::palette_ui(ui, look, (&self.tabs, &self.settings), &mut self.palette.field, commands);
        }
    }

    /// Draws the line at the top, with the search field while a report is shown.
    fn top(&mut self, ui: &mut Ui, look: &Look, screen: Screen, commands: &mut Commands) {
        let is_searchable = |tab: &&mut Tab| screen == Screen::Report && tab.view.file.is_ready();
        let mut query =
            self.tabs.front_mut().filter(is_searchable).map(|tab| std::mem::take(&mut tab.view.saved.query));
        screens::top_ui(ui, look, (&self.tabs, screen), (&mut query, self.focus_find), commands);
        if let (Some(tab), Some(query)) = (self.tabs.front_mut(), query) {
            tab.view.saved.query = query;
            self.focus_find = false;
        }
    }

    /// Draws the open report: the list of pages, the conversation, and the pages.
    fn draw_report(&mut self, ui: &mut Ui, look: &Look, commands: &mut Commands) {
        let has_model = self.models.has_any();
        let has_vision = self.models.has_vision(self.settings.model.as_deref());
        let front = self.tabs.front_index();
        let others: Vec<screens::OtherReport> = self
            .tabs
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != front)
            .map(|(_, tab)| (tab.path.clone(), tab.name.clone()))
            .collect();
        let Some(tab) = self.tabs.front_mut() else { return };
        let sizes = look.sizes();
        let panel = look.panel(sizes.gap);
        let state = &mut tab.state;
        let shows_contents = tab.view.saved.shows_contents && tab.view.file.has_contents();
        // The same width for all lists, so that opening another one does not rescale the pages.
        Panel::left("page list").frame(panel).resizable(false).exact_size(sizes.found_width).show(ui, |ui| {
            Panel::bottom("reading").frame(look.panel(0.0)).resizable(false).show(ui, |ui| {
                screens::reading_map_ui(ui, look, state, tab.view.nav.current, commands);
                screens::reading_ui(ui, look, state, commands);
            });
            if tab.view.saved.is_finding() {
                screens::hits_ui(ui, look, &tab.view, commands);
                return;
            }
            let lists = (tab.view.file.has_contents(), shows_contents, tab.shows_figures);
            screens::list_switch_ui(ui, look, lists, commands);
            if tab.shows_figures {
                let answered = state.model.as_ref().is_none_or(|model| model.has_eyes);
                let has_vision = has_vision.unwrap_or(answered);
                screens::figures_ui(ui, look, (state, has_vision), &tab.view, &mut tab.frame, commands);
            } else if shows_contents {
                screens::contents_ui(ui, look, &tab.view, &mut tab.frame, commands);
            } else {
                screens::page_list_ui(ui, look, state, &tab.view, &mut tab.frame, commands);
            }
        });
        let (mut question, mut pages) = (std::mem::take(&mut state.question), state.scope_pages.clone());
        let wish = self.session.conversation_width.unwrap_or(sizes.conversation_width);
        // In a small window the pages keep enough room to be read.
        let most = (ui.available_width() - LEAST_PAGES_WIDTH).max(LEAST_CONVERSATION_WIDTH);
        keep_width(ui, wish.clamp(LEAST_CONVERSATION_WIDTH, most));
        let conversation =
            Panel::right(CONVERSATION).frame(panel).min_size(LEAST_CONVERSATION_WIDTH).max_size(most).show(ui, |ui| {
                Panel::bottom("question").frame(look.panel(0.0)).resizable(false).show(ui, |ui| {
                    screens::scope_ui(ui, look, (state, &tab.view, &others), &mut tab.frame, &mut pages, commands);
                    screens::warnings_ui(ui, look, state, commands);
                    screens::question_ui(ui, look, (state, has_model), &mut question, commands);
                });
                CentralPanel::default().frame(look.panel(0.0)).show(ui, |ui| {
                    let caches = (&mut tab.frame, &mut tab.answers, &mut tab.found_turns);
                    screens::answers_ui(ui, look, (state, &tab.view), caches, commands);
                });
            });
        let width = conversation.response.rect.width().round();
        if width < most.floor() {
            self.session.conversation_width = Some(width);
        }
        state.question = question;
        state.scope_pages = pages;
        state.focus_question = false;
        state.focus_pages = false;
        state.show_turn = None;
        CentralPanel::default().frame(look.page_background()).show(ui, |ui| {
            Panel::top("pages bar").frame(look.panel(sizes.gap_small)).resizable(false).show(ui, |ui| {
                screens::pages_bar_ui(ui, look, &tab.view, &mut tab.page_number, commands);
            });
            let password = tab.password.edit();
            screens::pages_ui(ui, look, (&state.scope, &tab.view), &mut tab.frame, password, commands);
        });
        tab.view.end_drawing(&mut tab.frame);
    }
}

/// Gives the conversation the width that the user chose, as far as there is room: egui remembers the last width instead, and
/// would leave the conversation narrow after the window was small once. A drag in progress is not affected.
fn keep_width(ui: &Ui, width: f32) {
    let outer_rect = Rect::from_min_size(Pos2::ZERO, vec2(width, 0.0));
    let id = ui.scope_id().with(CONVERSATION);
    ui.data_mut(|data| data.insert_persisted(id, PanelState { outer_rect }));
}
