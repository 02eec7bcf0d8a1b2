//! The open report's pages: scrolling and zooming. Each page is drawn by [`crate::window::screens::page`].

use eframe::egui::containers::scroll_area::{DragScroll, ScrollSource};
use eframe::egui::{Event, InputState, MouseWheelUnit, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo};
use engine::viewer::ViewInfo;

use crate::window::commands::Commands;
use crate::window::pages::{Column, FrameCache, PageView, Paging, Shown, Stretch, ViewAction, wheel_factor};
use crate::window::remote::Remote;
use crate::window::screens::links::links_ui;
use crate::window::screens::page::{Sheet, page_ui};
use crate::window::screens::pointer::{Surface, pointer_ui};
use crate::window::screens::refused::refused_ui;
use crate::window::state::scope::Scope;
use crate::window::theme::Look;

/// Scroll distance past the end of a page that turns it, in screen points; one notch of a wheel is enough.
const PULL: f32 = 120.0;

/// How long the wheel is ignored after turning a page, in seconds, so that its momentum does not scroll the next.
const REST_SECS: f64 = 0.2;

/// Draws the pages, with the region that the next question is about. Notes in `cache` where the view is scrolled to.
/// `password` is the text of the password field, where the file needs one.
pub(crate) fn pages_ui(
    ui: &mut Ui,
    look: &Look,
    (scope, view): (&Scope, &PageView),
    cache: &mut FrameCache,
    password: &mut String,
    commands: &mut Commands,
) {
    let info = match &view.file.info {
        Remote::Ready(info) => info,
        Remote::Pending => {
            ui.centered_and_justified(|ui| ui.label(look.muted("Opening…")));
            return;
        }
        Remote::Failed => return refused_ui(ui, look, view.file.refused.as_ref(), password, commands),
        Remote::Absent => return,
    };
    let room = ui.available_size();
    let (column, jump) = view.arrange(info, room, cache);
    let now = ui.input(|input| input.time);
    let is_at_rest = now > cache.wheel.turned_secs + REST_SECS;
    let source = ScrollSource { drag: DragScroll::Never, mouse_wheel: is_at_rest, scroll_bar: true };
    let mut area = ScrollArea::both().id_salt(("pages", view.file.document)).auto_shrink(false).scroll_source(source);
    if let Some(jump) = jump {
        area = area.scroll_offset(view.offset_for(jump, &column));
    }
    let shown = area.show_viewport(ui, |ui, sight| {
        ui.set_min_size(column.size());
        let origin = ui.max_rect().min.to_vec2();
        column_ui(ui, look, (scope, view), cache, (info, &column, sight.translate(origin)), commands);
    });
    wheel_at_end(ui, view, cache, (shown.inner_rect, now), commands);
    let offset = shown.state.clamped_offset();
    cache.set_shown(Shown::new(&column, offset));
    zoom_at_pointer(ui, (&column, offset), shown.inner_rect, commands);
}

/// Visible pages, their links, and the pointer on them. `sight` is in screen coordinates.
fn column_ui(
    ui: &mut Ui,
    look: &Look,
    (scope, view): (&Scope, &PageView),
    cache: &mut FrameCache,
    (info, column, sight): (&ViewInfo, &Column, Rect),
    commands: &mut Commands,
) {
    let origin = ui.max_rect().min.to_vec2();
    // One surface below all pages, so that a drag continues when it leaves a page or scrolls it away.
    let response = ui.interact(sight, ui.scope_id().with("surface"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Pane, true, "Pages of the report"));
    let margin = column.how().room.y / 2.0;
    let (top, bottom) = (sight.top() - origin.y, sight.bottom() - origin.y);
    for index in column.between(top - margin, bottom + margin) {
        let size = info.sizes_pt.get(index).copied().unwrap_or((1.0, 1.0));
        let region = match scope {
            Scope::Region { page, rect } if *page as usize == index + 1 => Some(*rect),
            _ => None,
        };
        let sheet = Sheet { index, size, kind: info.kind, place: column.page(index).moved(origin), sight, region };
        page_ui(ui, look, view, cache, &sheet);
    }
    let mut is_on_link = false;
    for index in column.between(top, bottom) {
        cache.want_text(&view.file, index as u32 + 1);
        is_on_link |= links_ui(ui, look, view, (index as u32 + 1, column.page(index).moved(origin)), commands);
    }
    let surface = Surface { column, origin, sight, is_on_link };
    pointer_ui(ui, look, view, cache, &surface, &response, commands);
}

/// With single pages, turning the wheel past the end of one turns to the next.
fn wheel_at_end(ui: &Ui, view: &PageView, cache: &mut FrameCache, (area, now): (Rect, f64), commands: &mut Commands) {
    let wheel = &mut cache.wheel;
    let is_here = ui.rect_contains_pointer(area);
    if view.saved.paging != Paging::Single || !is_here {
        wheel.pull = 0.0;
        return;
    }
    let turned: f32 = ui.input(|input| {
        let notches = input.events.iter().map(|event| match event {
            Event::MouseWheel { unit, delta, modifiers, .. } if modifiers.is_none() => match unit {
                MouseWheelUnit::Point => delta.y / PULL,
                MouseWheelUnit::Line | MouseWheelUnit::Page => delta.y,
            },
            _ => 0.0,
        });
        notches.sum()
    });
    let goes_on = if turned < 0.0 { view.nav.is_at_end() } else { view.nav.is_at_top() };
    if turned == 0.0 {
        return;
    }
    wheel.pull = if goes_on && wheel.pull * turned >= 0.0 { wheel.pull + turned } else { 0.0 };
    if wheel.pull.abs() >= 1.0 {
        commands.push(ViewAction::Scroll(Stretch::Points(-wheel.pull.signum())));
        wheel.pull = 0.0;
        wheel.turned_secs = now;
    }
}

/// How much this frame's events zoom. The wheel's own events are used: smoothed over frames, a tick comes out larger. They are
/// added up first, since X11 may report a tick twice.
fn zoom_factor(input: &InputState) -> f32 {
    if let Some(touch) = input.multi_touch() {
        return touch.zoom_delta;
    }
    let (mut pinch, mut lines, mut points) = (1.0, 0.0, 0.0);
    for event in &input.events {
        match event {
            Event::Zoom(factor) => pinch *= factor,
            Event::MouseWheel { unit, delta, modifiers, .. } if modifiers.command => match unit {
                MouseWheelUnit::Point => points += delta.y,
                MouseWheelUnit::Line | MouseWheelUnit::Page => lines += delta.y,
            },
            _ => {}
        }
    }
    pinch * wheel_factor(MouseWheelUnit::Line, lines) * wheel_factor(MouseWheelUnit::Point, points)
}

/// Pinching, or turning the wheel with Ctrl held, zooms around the pointer.
fn zoom_at_pointer(ui: &Ui, (column, offset): (&Column, Vec2), area: Rect, commands: &mut Commands) {
    let (factor, pointer) = ui.input(|input| (zoom_factor(input), input.pointer.hover_pos()));
    let Some(pointer) = pointer.filter(|pointer| factor != 1.0 && area.contains(*pointer)) else { return };
    let at = pointer - area.min;
    let spot = column.spot((offset + at).to_pos2());
    commands.push(ViewAction::ZoomAt { spot, at, factor });
    ui.ctx().request_repaint();
}
