//! The pointer on pages: it selects text, or draws the region that the next question is about.

use eframe::egui::{Button, CursorIcon, FontId, PointerButton, Pos2, Rect, Response, Ui, Vec2, vec2};

use crate::window::commands::{CommandId, Commands, ReportCommand};
use crate::window::pages::{
    Column, Drag, FrameCache, PageView, Placement, Selection, Tool, Unit, ViewAction, can_begin, is_on_text,
};
use crate::window::screens::page::draw_region;
use crate::window::state::scope::Scope;
use crate::window::theme::Look;

/// How fast the view follows a drag past its edge: the share of the distance scrolled in a frame.
const PULL: f32 = 0.25;

/// Maximum scroll of a drag in a frame, in screen points.
const MOST_PULL: f32 = 48.0;

/// How to use the region tool.
const REGION_HINT: &str = "Draw a rectangle around what you want to ask about. Press Esc to cancel.";

/// Smallest side of a region, in points of the page; a smaller one is accidental.
const LEAST_REGION_PT: f32 = 6.0;

/// Where pages are on the screen.
pub(super) struct Surface<'a> {
    /// The column.
    pub column: &'a Column,
    /// The corner of the column.
    pub origin: Vec2,
    /// The part of the screen that shows pages.
    pub sight: Rect,
    /// Whether the pointer is on a link.
    pub is_on_link: bool,
}

impl Surface<'_> {
    /// The page at a point of the screen, counted from 1, and where it lies.
    fn page_at(&self, at: Pos2) -> (u32, Placement) {
        let index = self.column.spot(at - self.origin).index;
        (index as u32 + 1, self.column.page(index).moved(self.origin))
    }
}

/// Handles clicks and drags on `response`, the surface below all pages.
pub(super) fn pointer_ui(
    ui: &Ui,
    look: &Look,
    view: &PageView,
    cache: &mut FrameCache,
    surface: &Surface<'_>,
    response: &Response,
    commands: &mut Commands,
) {
    if response.is_pointer_button_down_on() {
        // Keys now belong to the pages: Ctrl+C copies what is selected here.
        ui.memory_mut(|memory| {
            if let Some(focused) = memory.focused() {
                memory.surrender_focus(focused);
            }
        });
    }
    response.context_menu(|ui| context_menu_ui(ui, view, commands));
    match view.nav.tool {
        Tool::Select => select(ui, view, cache, surface, response, commands),
        Tool::Region => region_ui(ui, look, cache, surface, response, commands),
    }
}

/// The context menu.
fn context_menu_ui(ui: &mut Ui, view: &PageView, commands: &mut Commands) {
    for (is_on, id, action) in [
        (view.nav.selection.is_some(), CommandId::CopySelection, ViewAction::Copy),
        (view.file.texts.contains_key(&view.nav.current), CommandId::SelectPageText, ViewAction::SelectPage),
        (true, CommandId::AskAboutRegion, ViewAction::Take(Tool::Region)),
    ] {
        let info = id.info();
        let button = Button::new(info.button).shortcut_text(info.keys_text(ui.ctx()));
        if ui.add_enabled(is_on, button).clicked() {
            commands.push(action);
        }
    }
}

fn select(
    ui: &Ui,
    view: &PageView,
    cache: &mut FrameCache,
    surface: &Surface<'_>,
    response: &Response,
    commands: &mut Commands,
) {
    let pointer = ui.input(|input| input.pointer.interact_pos());
    let Some(pointer) = pointer else { return };
    let (number, place) = surface.page_at(pointer);
    let page = view.file.texts.get(&number);
    let at = place.to_page(pointer);
    let is_on_page = place.rect.contains(pointer);
    let is_dragged = response.dragged_by(PointerButton::Primary);
    if (response.hovered() || is_dragged)
        && !surface.is_on_link
        && page.is_some_and(|page| (is_on_page && is_on_text(page, at)) || is_dragged)
    {
        ui.set_cursor_icon(CursorIcon::Text);
    }
    let mut choose = |selection| commands.push(ViewAction::Select(selection));
    let whole =
        |unit| page.filter(|page| is_on_page && is_on_text(page, at)).and_then(|page| Selection::at(page, at, unit));
    if response.drag_started_by(PointerButton::Primary) {
        let began = ui.input(|input| input.pointer.press_origin()).and_then(|origin| {
            let (number, place) = surface.page_at(origin);
            let (page, at) = (view.file.texts.get(&number)?, place.to_page(origin));
            can_begin(page, at).then(|| Selection::at(page, at, Unit::Letter)).flatten()
        });
        cache.drag = began.map(Drag::Text);
    } else if response.triple_clicked() {
        choose(whole(Unit::Line));
    } else if response.double_clicked() {
        choose(whole(Unit::Word));
    } else if response.clicked() {
        let is_extended = ui.input(|input| input.modifiers.shift);
        let extended = view.nav.selection.as_ref().filter(|_| is_extended);
        choose(extended.zip(page).and_then(|(selection, page)| selection.drawn_to(page, at, Unit::Letter)));
    }
    if is_dragged {
        if let (Some(Drag::Text(began)), Some(page)) = (&cache.drag, page) {
            choose(began.drawn_to(page, at, Unit::Letter));
        }
        follow(ui, surface.sight, pointer, commands);
    } else {
        cache.drag = None;
    }
}

/// Scrolls the view while a drag is past its edge.
fn follow(ui: &Ui, sight: Rect, pointer: Pos2, commands: &mut Commands) {
    let past = |at: f32, low: f32, high: f32| ((at - low).min(0.0) + (at - high).max(0.0)) * PULL;
    let by = vec2(past(pointer.x, sight.left(), sight.right()), past(pointer.y, sight.top(), sight.bottom()));
    if by != Vec2::ZERO {
        let by = by.clamp(Vec2::splat(-MOST_PULL), Vec2::splat(MOST_PULL));
        commands.push(ViewAction::ScrollBy(by));
        ui.ctx().request_repaint();
    }
}

/// Says above the pages how to use the tool.
fn hint_ui(ui: &Ui, look: &Look, sight: Rect) {
    let font = FontId::proportional(look.sizes().text_small);
    let colours = look.colours();
    let words = ui.painter().layout_no_wrap(REGION_HINT.to_owned(), font, colours.on_accent);
    let at = sight.center_top() + vec2(0.0, look.sizes().gap_large);
    let text = Rect::from_center_size(at, words.size());
    let ground = text.expand2(vec2(look.sizes().gap, look.sizes().gap_small));
    ui.painter().rect_filled(ground, look.sizes().radius, colours.accent);
    ui.painter().galley(text.min, words, colours.on_accent);
}

/// Draws the region during the drag, and asks about it at the end.
fn region_ui(
    ui: &Ui,
    look: &Look,
    cache: &mut FrameCache,
    surface: &Surface<'_>,
    response: &Response,
    commands: &mut Commands,
) {
    if response.hovered() || response.dragged() {
        ui.set_cursor_icon(CursorIcon::Crosshair);
    }
    hint_ui(ui, look, surface.sight);
    if response.drag_started_by(PointerButton::Primary) {
        cache.drag = ui.input(|input| input.pointer.press_origin()).map(|origin| {
            let (page, place) = surface.page_at(origin);
            Drag::Region { page, from: place.to_page(origin) }
        });
    }
    let Some(Drag::Region { page, from }) = cache.drag else { return };
    let place = surface.column.page(page as usize - 1).moved(surface.origin);
    let Some(pointer) = ui.input(|input| input.pointer.interact_pos()) else { return };
    let on_screen = Rect::from_two_pos(place.to_screen(from), pointer).intersect(place.rect);
    if response.dragged_by(PointerButton::Primary) {
        draw_region(ui.painter(), look, on_screen);
        follow(ui, surface.sight, pointer, commands);
        return;
    }
    cache.drag = None;
    let region = place.rect_to_page(on_screen);
    if on_screen.is_positive() && region.width().min(region.height()) >= LEAST_REGION_PT {
        commands.push(ReportCommand::SetScope(Scope::Region { page, rect: region }));
        commands.push(ViewAction::Take(Tool::Select));
    }
}
