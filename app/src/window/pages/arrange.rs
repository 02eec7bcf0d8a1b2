//! How large pages are, and where they lie in the available room.

use std::sync::Arc;

use eframe::egui::{Vec2, vec2};
use engine::viewer::ViewInfo;

use crate::window::pages::action::{Jump, Paging, Zoom};
use crate::window::pages::cache::FrameCache;
use crate::window::pages::column::{Arrangement, Column};
use crate::window::pages::view::PageView;

/// Largest scale at which pages fill the width of the view.
const MOST_FIT: f32 = 1.6;

/// Between pages and around them, in screen points.
pub(super) const PAGE_GAP: f32 = 14.0;

impl PageView {
    /// Where pages lie in this frame, and where it scrolls to, if anywhere.
    pub(crate) fn arrange(&self, info: &ViewInfo, room: Vec2, cache: &mut FrameCache) -> (Arc<Column>, Option<Jump>) {
        let only = (self.saved.paging == Paging::Single).then(|| {
            let index = self.nav.jump.and_then(Jump::index).unwrap_or(self.saved.top.index);
            index.min(info.sizes_pt.len().saturating_sub(1))
        });
        let scale = self.scale_in(info, room, only);
        let before = self.nav.shown.scale;
        // When the window or its panels were resized, the text that is being read stays in sight.
        let is_resized = scale != before && before > 0.0;
        let jump = self.nav.jump.or(is_resized.then_some(Jump::Top(self.saved.top)));
        let how = Arrangement { scale, gap: PAGE_GAP, room, rotation: self.saved.rotation, only };
        (cache.column(&info.sizes_pt, how), jump)
    }

    fn scale_in(&self, info: &ViewInfo, room: Vec2, only: Option<usize>) -> f32 {
        let size_of =
            |index: usize| info.sizes_pt.get(index).map_or((1.0, 1.0), |size| (size.0.max(1.0), size.1.max(1.0)));
        let turned = |size| self.saved.rotation.size(size);
        let width = turned(only.map_or(self.file.usual_pt, size_of)).0;
        let fit_width = ((room.x - 2.0 * PAGE_GAP) / width.max(1.0)).min(MOST_FIT);
        let scale = match self.saved.zoom {
            Zoom::FitWidth => fit_width,
            Zoom::FitPage => {
                let jumps_to = self.nav.jump.and_then(Jump::index);
                let height = turned(size_of(only.or(jumps_to).unwrap_or(self.saved.top.index))).1;
                fit_width.min((room.y - 2.0 * PAGE_GAP) / height)
            }
            Zoom::Fixed(scale) => scale,
        };
        scale.clamp(0.05, 16.0)
    }

    /// The scroll position after a jump.
    pub(crate) fn offset_for(&self, jump: Jump, column: &Column) -> Vec2 {
        let room = column.how().room;
        let gap = vec2(PAGE_GAP, PAGE_GAP);
        let offset = match jump {
            Jump::Page(index) => column.page(index).rect.min.to_vec2() - gap,
            Jump::Foot(index) => {
                let page = column.page(index).rect;
                vec2(page.left() - gap.x, page.bottom() + gap.y - room.y)
            }
            Jump::Top(spot) => column.position(spot).to_vec2() - gap,
            Jump::Middle(spot) => column.position(spot).to_vec2() - room / 2.0,
            Jump::At(spot, at) => column.position(spot).to_vec2() - at,
            Jump::By(by) => self.nav.shown.offset + by,
        };
        offset.max(Vec2::ZERO).min((column.size() - room).max(Vec2::ZERO))
    }
}
