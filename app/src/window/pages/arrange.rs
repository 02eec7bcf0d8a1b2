//! How large pages are and where they lie in the room that there is.

use std::sync::Arc;

use eframe::egui::{Vec2, vec2};
use engine::viewer::ViewInfo;

use crate::window::pages::action::{Jump, Paging, Zoom};
use crate::window::pages::column::{Arrangement, Column};
use crate::window::pages::view::PageView;

/// Between pages and around them, in screen points.
pub(crate) const PAGE_GAP: f32 = 14.0;

/// Width and height of most pages, in points: not the one wide table decides how large pages are.
pub(super) fn usual_size(info: &ViewInfo) -> (f32, f32) {
    let middle = |mut sides: Vec<f32>| {
        sides.sort_by(f32::total_cmp);
        sides.get(sides.len() / 2).copied().unwrap_or(1.0).max(1.0)
    };
    let sizes = &info.sizes_pt;
    (middle(sizes.iter().map(|size| size.0).collect()), middle(sizes.iter().map(|size| size.1).collect()))
}

impl PageView {
    /// Where pages lie in this frame. Thousands of them are put in place once, not in every frame.
    pub(crate) fn arrange(&mut self, info: &ViewInfo, room: Vec2) -> Arc<Column> {
        let only = (self.paging == Paging::Single).then(|| {
            let index = self.jump.and_then(Jump::index).unwrap_or(self.top.index);
            index.min(info.sizes_pt.len().saturating_sub(1))
        });
        let scale = self.scale_in(info, room, only);
        if scale != self.scale && self.jump.is_none() && self.scale > 0.0 {
            // The window or its panels were resized: what is read stays in sight.
            self.jump = Some(Jump::Top(self.top));
        }
        self.scale = scale;
        self.room = room;
        let how = Arrangement { scale, gap: PAGE_GAP, room, rotation: self.rotation, only };
        match &self.column {
            Some(column) if *column.how() == how => Arc::clone(column),
            _ => {
                let column = Arc::new(Column::new(&info.sizes_pt, how));
                self.column = Some(Arc::clone(&column));
                column
            }
        }
    }

    fn scale_in(&self, info: &ViewInfo, room: Vec2, only: Option<usize>) -> f32 {
        let size_of =
            |index: usize| info.sizes_pt.get(index).map_or((1.0, 1.0), |size| (size.0.max(1.0), size.1.max(1.0)));
        let turned = |size| self.rotation.size(size);
        let width = turned(only.map_or(self.usual_pt, size_of)).0;
        let fit_width = (room.x - 2.0 * PAGE_GAP) / width.max(1.0);
        let scale = match self.zoom {
            Zoom::FitWidth => fit_width,
            Zoom::FitPage => {
                let height = turned(size_of(only.unwrap_or(self.top.index))).1;
                fit_width.min((room.y - 2.0 * PAGE_GAP) / height)
            }
            Zoom::Fixed(scale) => scale,
        };
        scale.clamp(0.05, 16.0)
    }

    /// How far the column is scrolled after a jump.
    pub(crate) fn offset_for(&self, jump: Jump, column: &Column) -> Vec2 {
        let room = self.room;
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
            Jump::By(by) => self.offset + by,
        };
        offset.max(Vec2::ZERO).min((column.size() - room).max(Vec2::ZERO))
    }
}
