//! The scope of the question, above its field.

use std::path::{Path, PathBuf};

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{Button, Key, PopupCloseBehavior, Role, Shape, Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2};
use engine::document::geometry::Rect;

use crate::window::commands::{CommandId, Commands, ReportCommand};
use crate::window::pages::{FrameCache, PageView};
use crate::window::screens::page::part_ui;
use crate::window::state::report::State;
use crate::window::state::scope::{Scope, pages_of};
use crate::window::theme::Look;

/// Size of a region's thumbnail, in points.
const PICTURE: (f32, f32) = (120.0, 44.0);

/// Width of the words beside it with the button, in points.
const REGION_WORDS: f32 = 170.0;

/// Width of the arrow of the menu button, in points.
const ARROW_WIDTH: f32 = 18.0;

/// Height of the control, in points.
const HEIGHT: f32 = 26.0;

/// An open report other than the one in front: path and name.
pub(crate) type OtherReport = (PathBuf, String);

/// Draws the control. `pages` is the text of the pages field, while it is shown.
pub(crate) fn scope_ui(
    ui: &mut Ui,
    look: &Look,
    (state, view, others): (&State, &PageView, &[OtherReport]),
    cache: &mut FrameCache,
    pages: &mut Option<String>,
    commands: &mut Commands,
) {
    menu_ui(ui, look, (state, view), others, commands);
    if let Some(text) = pages {
        pages_ui(ui, look, state, text, commands);
    }
    if let Scope::Region { page, rect } = &state.scope {
        region_ui(ui, look, view, cache, (*page, rect), commands);
    }
}

fn menu_ui(
    ui: &mut Ui,
    look: &Look,
    (state, view): (&State, &PageView),
    others: &[OtherReport],
    commands: &mut Commands,
) {
    let about = format!("About: {}", name_of(&state.scope, view.nav.current));
    let (opener, _) = ui
        .scope(|ui| {
            ui.spacing_mut().interact_size.y = HEIGHT;
            ui.spacing_mut().button_padding = vec2(ARROW_WIDTH, 2.0);
            let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
            MenuButton::from_button(Button::new(look.muted(&about))).config(config).ui(ui, |ui| {
                ui.set_min_width(200.0);
                items_ui(ui, (state, view.nav.current), others, commands);
            })
        })
        .inner;
    let centre = pos2(opener.rect.right() - ARROW_WIDTH / 2.0, opener.rect.center().y + 1.0);
    let points = vec![centre + vec2(-4.0, -2.5), centre + vec2(4.0, -2.5), centre + vec2(0.0, 2.5)];
    ui.painter().add(Shape::convex_polygon(points, look.colours().ink_muted, Stroke::NONE));
    opener.on_hover_text("What your question is about; the answer uses nothing else");
}

/// Name of a scope in the control.
fn name_of(scope: &Scope, current: u32) -> String {
    match scope {
        Scope::Report => "Whole report".to_owned(),
        Scope::ThisPage => format!("This page ({current})"),
        other => {
            let words = other.words().unwrap_or_default();
            words.get(..1).map_or_else(String::new, str::to_uppercase) + words.get(1..).unwrap_or_default()
        }
    }
}

fn items_ui(ui: &mut Ui, (state, current): (&State, u32), others: &[OtherReport], commands: &mut Commands) {
    let mut choose = |ui: &mut Ui, is_chosen: bool, name: &str, command: ReportCommand| {
        if ui.add(Button::selectable(is_chosen, name)).clicked() {
            commands.push(command);
            ui.close();
        }
    };
    let scope = &state.scope;
    choose(
        ui,
        *scope == Scope::Report,
        CommandId::AskAboutReport.info().button,
        ReportCommand::SetScope(Scope::Report),
    );
    let this_page = format!("This page ({current})");
    choose(ui, *scope == Scope::ThisPage, &this_page, ReportCommand::SetScope(Scope::ThisPage));
    choose(ui, matches!(scope, Scope::Pages(_)), CommandId::AskAboutPages.info().button, ReportCommand::ChoosePages);
    if let Scope::Region { page, .. } = scope {
        let region = format!("Region of page {page}");
        choose(ui, true, &region, ReportCommand::SetScope(scope.clone()));
    }
    if others.is_empty() {
        return;
    }
    ui.separator();
    let all: Vec<PathBuf> = others.iter().map(|(path, _)| path.clone()).collect();
    let is_all = scope.others().len() == all.len();
    choose(ui, is_all, CommandId::AskAboutAllReports.info().button, ReportCommand::SetScope(Scope::Reports(all)));
    for (path, name) in others {
        let mut is_in = scope.others().contains(path);
        if ui.checkbox(&mut is_in, format!("and {name}")).clicked() {
            commands.push(ReportCommand::SetScope(with(scope, path, is_in)));
        }
    }
}

/// A scope with another report in it, or without it.
fn with(scope: &Scope, path: &Path, is_in: bool) -> Scope {
    let mut others: Vec<PathBuf> = scope.others().iter().filter(|other| *other != path).cloned().collect();
    if is_in {
        others.push(path.to_owned());
    }
    if others.is_empty() { Scope::Report } else { Scope::Reports(others) }
}

fn pages_ui(ui: &mut Ui, look: &Look, state: &State, text: &mut String, commands: &mut Commands) {
    ui.horizontal(|ui| {
        let name = ui.label(look.muted("About pages"));
        let field = TextEdit::singleline(text).hint_text("3-8, 12").desired_width(140.0);
        let field = ui.add(field).labelled_by(name.id);
        if state.focus_pages {
            field.request_focus();
        }
        if field.lost_focus() {
            let is_given_up = ui.input(|input| input.key_pressed(Key::Escape)) || text.trim().is_empty();
            commands.push(ReportCommand::FinishChoosingPages((!is_given_up).then(|| text.clone())));
        }
    });
    if let (false, Err(why)) = (text.trim().is_empty(), pages_of(text, state.num_pages())) {
        ui.colored_label(look.colours().error, why);
    }
}

/// Thumbnail of the region, with a button that removes it.
fn region_ui(
    ui: &mut Ui,
    look: &Look,
    view: &PageView,
    cache: &mut FrameCache,
    (page, rect): (u32, &Rect),
    commands: &mut Commands,
) {
    let frame = look.card().inner_margin(look.sizes().gap_small);
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            let room = (ui.available_width() - REGION_WORDS).max(PICTURE.1);
            let width = PICTURE.0.min(room).min(PICTURE.1 * rect.width() / rect.height().max(1.0));
            part_ui(ui, view, cache, (page, rect), width);
            ui.label(look.muted(format!("Region of page {page}")));
            let cross = ui.add(Button::new("×").frame_when_inactive(false));
            cross.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Remove the region"));
            if cross.on_hover_text("Ask about the whole report again").clicked() {
                commands.push(ReportCommand::SetScope(Scope::Report));
            }
        });
    });
}
