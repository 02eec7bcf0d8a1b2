//! Saving the session, and the conversations that changed.

use std::time::{Duration, Instant};

use eframe::egui;

use crate::window::app::Window;
use crate::window::saved::session::{SavedSession, UnvisitedTab};
use crate::window::tabs::{Restore, Tab};

/// Shortest time between two saves.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// The session as last saved.
pub(super) struct Saved {
    session: SavedSession,
    at: Instant,
    /// Whether the user or the engine did anything since.
    pub is_stale: bool,
}

impl Saved {
    /// A session that was just loaded.
    pub(super) fn new(session: &SavedSession) -> Self {
        Self { session: session.clone(), at: Instant::now(), is_stale: false }
    }
}

impl Window {
    /// Saves the session and the conversations that changed; returns whether anything had.
    pub(super) fn save(&mut self) -> bool {
        self.note_places();
        self.note_open();
        let mut has_changed = false;
        let news: Vec<_> = self.tabs.iter_mut().filter_map(Tab::news).collect();
        for (hash, conversation) in news {
            has_changed = true;
            self.save_conversation(hash, &conversation);
        }
        if self.session != self.saved.session {
            has_changed = true;
            self.saved.session = self.session.clone();
            self.save_session();
        }
        self.saved.at = Instant::now();
        has_changed
    }

    /// Saves at most once a second.
    pub(super) fn save_periodically(&mut self, ctx: &egui::Context) {
        if self.saved.at.elapsed() < SAVE_INTERVAL {
            if self.saved.is_stale {
                ctx.request_repaint_after(SAVE_INTERVAL);
            }
            return;
        }
        let was_stale = std::mem::replace(&mut self.saved.is_stale, false);
        if self.save() || was_stale {
            ctx.request_repaint_after(SAVE_INTERVAL);
        }
    }

    /// Updates the session with the views and drafts of the open reports.
    pub(crate) fn note_places(&mut self) {
        for tab in self.tabs.iter().filter(|tab| tab.restored != Restore::Unknown) {
            let Some(hash) = tab.hash() else { continue };
            if tab.view.nav.jump.is_none() && tab.view.file.is_ready() {
                self.session.note(hash, &tab.view.saved);
            }
            self.session.note_question(hash, &tab.state);
        }
    }

    /// Updates the session with the size of the window, unless it is maximized, full-screen or minimized.
    pub(super) fn note_size(&mut self, ctx: &egui::Context) {
        let is_whole = ctx.input(|input| {
            let viewport = input.viewport();
            [viewport.maximized, viewport.fullscreen, viewport.minimized].contains(&Some(true))
        });
        if let Some(size) = size_at_normal_text(ctx).filter(|_| !is_whole) {
            self.session.window = Some(size);
        }
    }

    /// Updates the session with the open tabs. A report that was not opened yet is found by its path; one that is unknown is
    /// saved by its path.
    fn note_open(&mut self) {
        let hash_of = |tab: &Tab| {
            let known = tab.hash().map(str::to_owned);
            known.or_else(|| {
                self.session.reports().find(|report| report.path == tab.path).map(|report| report.hash.clone())
            })
        };
        let front_index = self.tabs.front_index();
        let (mut open, mut unvisited) = (Vec::new(), Vec::new());
        for (at, tab) in self.tabs.iter().enumerate() {
            match hash_of(tab) {
                Some(hash) => open.push(hash),
                None => unvisited.push(UnvisitedTab { at, path: tab.path.clone(), is_front: at == front_index }),
            }
        }
        let front = self.tabs.front().and_then(hash_of);
        self.session.open = open;
        self.session.unvisited = unvisited;
        self.session.front = front;
        self.session.screen = self.screen;
        self.session.query.clone_from(&self.library.query);
    }
}

/// Width and height of the window in points of text at its normal size, the unit in which windows are opened: the text size
/// is set afterwards. `None` in the first frame, in which egui does not know the size yet.
fn size_at_normal_text(ctx: &egui::Context) -> Option<(f32, f32)> {
    let size = ctx.viewport_rect().size() * ctx.zoom_factor();
    (ctx.cumulative_pass_nr() > 0).then_some((size.x.round(), size.y.round()))
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Context, Pos2, RawInput, Rect, vec2};

    use super::*;

    /// Opens a window of this size with this text size, as eframe does, and returns the size to be saved after each frame.
    fn start(size: (f32, f32), text_size: f32) -> Vec<(f32, f32)> {
        let ctx = Context::default();
        ctx.set_zoom_factor(text_size);
        let frames = (0..4).filter_map(|_| {
            // The window keeps its pixels; its points depend on the text size of the last frame.
            let points = vec2(size.0, size.1) / ctx.zoom_factor();
            let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, points));
            let mut saved = None;
            let mut output = ctx.run_ui(RawInput { screen_rect, ..RawInput::default() }, |ui| {
                saved = size_at_normal_text(ui.ctx());
            });
            // Nothing is drawn.
            output.textures_delta.clear();
            saved
        });
        frames.collect()
    }

    #[test]
    fn the_window_keeps_its_size_over_starts_at_every_text_size() {
        for text_size in [0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6, 2.0] {
            let mut size = (1360.0, 860.0);
            for _ in 0..6 {
                let saved = start(size, text_size);
                assert_eq!(saved.len(), 3);
                for saved in saved {
                    assert_eq!(saved, (1360.0, 860.0), "text at {text_size}");
                    size = saved;
                }
            }
        }
    }
}
