//! Carries out what the user does with the view: going to places and back, turning pages, making them larger.

use eframe::egui::{Vec2, vec2};

use crate::window::pages::action::{Jump, Paging, Stretch, ViewAction, Zoom};
use crate::window::pages::column::Spot;
use crate::window::pages::selection::Selection;
use crate::window::pages::view::PageView;
use crate::window::state::report::Remote;

/// Places that Back leads to at most.
const MOST_PLACES: usize = 100;

/// Smallest and largest scale.
const ZOOM_RANGE: (f32, f32) = (0.1, 8.0);

/// The part of the view that a press on Page down goes on by: what was read last stays in sight.
const SCREENFUL: f32 = 0.9;

/// So near its end a page counts as read, in screen points.
const AT_END: f32 = 1.0;

/// Where the view was before jumps, and where one went back from.
#[derive(Debug, Default)]
pub(super) struct Trail {
    back: Vec<Spot>,
    forward: Vec<Spot>,
}

impl PageView {
    /// Does what the user wants.
    pub(crate) fn act(&mut self, action: ViewAction) {
        match action {
            ViewAction::GoTo(page) => self.leave_for(Jump::Page(page.saturating_sub(1) as usize)),
            ViewAction::Step(by) => self.step(by),
            ViewAction::Scroll(Stretch::Points(by)) => self.scroll(by),
            ViewAction::Scroll(Stretch::Screens(by)) => self.scroll(by * SCREENFUL * self.room.y),
            ViewAction::Show(marks) => {
                let first = marks.boxes.first();
                let y_pt = first.map_or(0.0, |first| f32::midpoint(first.top, first.bottom));
                let x_pt = first.map_or(0.0, |first| first.left);
                self.leave_for(Jump::Middle(Spot { index: marks.page.saturating_sub(1) as usize, x_pt, y_pt }));
                self.marks = Some(marks);
            }
            ViewAction::Unmark => self.marks = None,
            ViewAction::NextHit | ViewAction::PreviousHit => {
                self.find.step(action == ViewAction::NextHit, self.current);
                self.show_hit();
            }
            ViewAction::ShowHit(at) => {
                self.find.at = Some(at);
                self.show_hit();
            }
            ViewAction::Back => {
                if let Some(spot) = self.trail.back.pop() {
                    self.trail.forward.push(self.top);
                    self.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Forward => {
                if let Some(spot) = self.trail.forward.pop() {
                    self.trail.back.push(self.top);
                    self.jump = Some(Jump::Top(spot));
                }
            }
            ViewAction::Zoom(zoom) => self.set_zoom(zoom),
            ViewAction::ZoomBy(factor) => self.set_zoom(Zoom::Fixed(self.scale * factor)),
            ViewAction::Rotate(quarters) => {
                self.rotation = self.rotation.turned(quarters);
                // What lay at the top lies at a side now.
                self.jump = Some(Jump::Page(self.current_index()));
            }
            ViewAction::Page(paging) if paging != self.paging => {
                self.paging = paging;
                self.jump = Some(Jump::Page(self.current_index()));
            }
            ViewAction::Page(_) => {}
            ViewAction::Select(selection) => self.select(selection),
            ViewAction::SelectPage => {
                let selection = self.texts.get(&self.current).and_then(|page| Selection::of_page(page));
                self.select(selection);
            }
            ViewAction::Copy => self.is_copying = self.selection.is_some(),
            ViewAction::Take(tool) => self.tool = tool,
            ViewAction::ShowContents(is_shown) => self.contents.is_shown = is_shown,
            ViewAction::Fold { item, is_folded } => {
                if let Remote::Ready(info) = &self.info {
                    self.contents.fold(&info.outline, item, is_folded);
                }
            }
        }
    }

    /// Shows pages at another size.
    pub(crate) fn set_zoom(&mut self, zoom: Zoom) {
        self.zoom = match zoom {
            Zoom::Fixed(scale) => Zoom::Fixed(scale.clamp(ZOOM_RANGE.0, ZOOM_RANGE.1)),
            other => other,
        };
        // What was at the top stays there.
        self.jump.get_or_insert(Jump::Top(self.top));
    }

    fn current_index(&self) -> usize {
        self.current.saturating_sub(1) as usize
    }

    fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection.filter(|selection| !selection.is_empty());
        self.is_copying = false;
    }

    fn leave_for(&mut self, jump: Jump) {
        self.trail.forward.clear();
        self.trail.back.push(self.top);
        if self.trail.back.len() > MOST_PLACES {
            self.trail.back.remove(0);
        }
        self.jump = Some(jump);
    }

    /// From page to page is no way that anyone goes back step by step.
    fn step(&mut self, by: i32) {
        let Remote::Ready(info) = &self.info else { return };
        let last = info.sizes_pt.len().saturating_sub(1);
        // Several presses may come in one frame.
        let from = self.jump.and_then(Jump::index).unwrap_or(self.current_index());
        let to = from.saturating_add_signed(by as isize).min(last);
        if to != from {
            self.jump = Some(Jump::Page(to));
        }
    }

    /// Goes on by so many screen points; where pages are shown one at a time and this one ends, to the next.
    fn scroll(&mut self, by: f32) {
        if self.paging == Paging::Single && self.turn(by > 0.0) {
            return;
        }
        let before = match self.jump {
            Some(Jump::By(before)) => before,
            Some(_) => return,
            None => Vec2::ZERO,
        };
        self.jump = Some(Jump::By(before + vec2(0.0, by)));
    }

    /// Turns to the next page, or the one before, where this one was read to its end; whether it has.
    fn turn(&mut self, forward: bool) -> bool {
        let before = self.jump;
        if forward && self.is_at_end() {
            self.step(1);
        } else if !forward && self.is_at_top() {
            self.step(-1);
            if let Some(Jump::Page(index)) = self.jump {
                self.jump = Some(Jump::Foot(index));
            }
        }
        self.jump != before
    }

    /// Whether nothing of what is shown lies further down.
    pub(crate) fn is_at_end(&self) -> bool {
        self.offset.y >= self.end.y - AT_END
    }

    /// Whether nothing of what is shown lies further up.
    pub(crate) fn is_at_top(&self) -> bool {
        self.offset.y <= AT_END
    }

    fn show_hit(&mut self) {
        let hit = self.find.at.and_then(|at| self.find.hits.get(at));
        let Some((page, bbox)) = hit.map(|(page, hit)| (*page, hit.bbox)) else { return };
        let spot = Spot { index: page.saturating_sub(1) as usize, x_pt: bbox.left, y_pt: bbox.top };
        // Nor from found word to found word.
        self.jump = Some(Jump::Middle(spot));
    }

    /// Whether Back leads anywhere.
    pub(crate) fn can_go_back(&self) -> bool {
        !self.trail.back.is_empty()
    }

    /// Whether Forward leads anywhere.
    pub(crate) fn can_go_forward(&self) -> bool {
        !self.trail.forward.is_empty()
    }
}
