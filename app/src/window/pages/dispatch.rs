//! Dispatches view actions: navigation, paging, zoom and selection.

use eframe::egui::vec2;

use crate::window::pages::action::{Jump, Paging, Stretch, ViewAction};
use crate::window::pages::column::Spot;
use crate::window::pages::selection::Selection;
use crate::window::pages::view::PageView;
use crate::window::remote::Remote;

/// The part of the view that Page down scrolls by: the last lines stay in sight.
const SCREENFUL: f32 = 0.9;

impl PageView {
    /// Dispatches one action.
    pub(crate) fn dispatch(&mut self, action: ViewAction) {
        let is_zoom = matches!(action, ViewAction::Zoom(_) | ViewAction::ZoomBy(_) | ViewAction::ZoomAt { .. });
        self.carry_out(action);
        if !is_zoom && self.nav.jump.is_some() {
            self.nav.anchor = None;
        }
    }

    fn carry_out(&mut self, action: ViewAction) {
        match action {
            ViewAction::GoTo(page) => self.leave_for(Jump::Page(page.saturating_sub(1) as usize)),
            ViewAction::Step(by) => self.step(by),
            ViewAction::Scroll(Stretch::Points(by)) => self.scroll(by),
            ViewAction::Scroll(Stretch::Screens(by)) => self.scroll(by * SCREENFUL * self.nav.shown.room.y),
            ViewAction::ScrollBy(by) => self.nav.scroll_by(by),
            ViewAction::Show(marks) => {
                let first = marks.boxes.first();
                let y_pt = first.map_or(0.0, |first| f32::midpoint(first.top, first.bottom));
                let x_pt = first.map_or(0.0, |first| first.left);
                self.leave_for(Jump::Middle(Spot { index: marks.page.saturating_sub(1) as usize, x_pt, y_pt }));
                self.nav.marks = Some(marks);
            }
            ViewAction::Unmark => self.nav.marks = None,
            ViewAction::NextHit | ViewAction::PreviousHit => {
                self.nav.find.step(action == ViewAction::NextHit, self.nav.current);
                self.show_hit();
            }
            ViewAction::ShowHit(at) => {
                self.nav.find.at = Some(at);
                self.show_hit();
            }
            ViewAction::Back => {
                if let Some(spot) = self.nav.trail.back(self.saved.top) {
                    self.nav.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Forward => {
                if let Some(spot) = self.nav.trail.forward(self.saved.top) {
                    self.nav.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Zoom(zoom) => self.zoom_to(zoom),
            ViewAction::ZoomBy(factor) => self.zoom_by(factor),
            ViewAction::ZoomAt { spot, at, factor } => self.zoom_at(spot, at, factor),
            ViewAction::Rotate(quarters) => {
                self.saved.rotation = self.saved.rotation.turned(quarters);
                // What was at the top is at a side now.
                self.nav.jump = Some(Jump::Page(self.nav.current_index()));
            }
            ViewAction::Page(paging) if paging != self.saved.paging => {
                self.saved.paging = paging;
                self.nav.jump = Some(Jump::Page(self.nav.current_index()));
            }
            ViewAction::Page(_) => {}
            ViewAction::Select(selection) => self.nav.select(selection),
            ViewAction::SelectPage => {
                let selection = self.file.texts.get(&self.nav.current).and_then(|page| Selection::of_page(page));
                self.nav.select(selection);
            }
            ViewAction::Copy => self.nav.is_copying = self.nav.selection.is_some(),
            ViewAction::Take(tool) => self.nav.tool = tool,
            ViewAction::ShowContents(is_shown) => self.saved.shows_contents = is_shown,
            ViewAction::Fold { item, is_folded } => {
                if let Remote::Ready(info) = &self.file.info {
                    self.nav.contents.fold(&info.outline, item, is_folded);
                }
            }
        }
    }

    /// Jumps to a place that Back returns from.
    fn leave_for(&mut self, jump: Jump) {
        self.nav.trail.leave(self.saved.top);
        self.nav.jump = Some(jump);
    }

    /// Goes forward by pages. Back does not retrace single steps.
    fn step(&mut self, by: i32) {
        let Remote::Ready(info) = &self.file.info else { return };
        let last = info.sizes_pt.len().saturating_sub(1);
        // Several presses may come in one frame.
        let from = self.nav.jump.and_then(Jump::index).unwrap_or(self.nav.current_index());
        let to = from.saturating_add_signed(by as isize).min(last);
        if to != from {
            self.nav.jump = Some(Jump::Page(to));
        }
    }

    /// Scrolls by screen points; with single pages, past the end of one to the next.
    fn scroll(&mut self, by: f32) {
        if self.saved.paging == Paging::Single && self.turn(by > 0.0) {
            return;
        }
        self.nav.scroll_by(vec2(0.0, by));
    }

    /// Turns to the next page, or the previous one, if this one is scrolled to its end; whether it did.
    fn turn(&mut self, forward: bool) -> bool {
        let before = self.nav.jump;
        if forward && self.nav.is_at_end() {
            self.step(1);
        } else if !forward && self.nav.is_at_top() {
            self.step(-1);
            if let Some(Jump::Page(index)) = self.nav.jump {
                self.nav.jump = Some(Jump::Foot(index));
            }
        }
        self.nav.jump != before
    }

    /// Shows the current hit. Back does not retrace hits either.
    fn show_hit(&mut self) {
        let find = &self.nav.find;
        let hit = find.at.and_then(|at| find.hits.get(at));
        let Some((page, bbox)) = hit.map(|(page, hit)| (*page, hit.bbox)) else { return };
        let spot = Spot { index: page.saturating_sub(1) as usize, x_pt: bbox.left, y_pt: bbox.top };
        self.nav.jump = Some(Jump::Middle(spot));
    }
}
