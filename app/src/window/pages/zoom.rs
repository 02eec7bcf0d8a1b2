//! Zooming: how far, and around which place.
//!
//! A row of zooms keeps one place where it is, until the view is scrolled: what was read before zooming out is there again
//! after zooming in, although at a small scale the view cannot be centred on it.

use eframe::egui::{MouseWheelUnit, Vec2};

use crate::window::pages::action::{Jump, Zoom};
use crate::window::pages::column::Spot;
use crate::window::pages::navigation::Shown;
use crate::window::pages::view::PageView;

/// Smallest and largest scale.
const RANGE: (f32, f32) = (0.1, 8.0);

/// Zoom factor of one tick of a wheel.
const TICK: f32 = 1.1;

/// Distance on a touchpad that zooms like a tick, in screen points.
const TICK_POINTS: f32 = 40.0;

/// A pointer that moved less than this zooms around the same place, in screen points.
const STILL: f32 = 4.0;

/// A place that zooming keeps where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anchor {
    /// The place.
    spot: Spot,
    /// Where it is in the view.
    at: Vec2,
}

/// Zoom factor for a turn of the wheel, away from the user where positive.
pub(crate) fn wheel_factor(unit: MouseWheelUnit, turn: f32) -> f32 {
    let ticks = match unit {
        // Some systems report several lines for one tick.
        MouseWheelUnit::Line | MouseWheelUnit::Page => turn.clamp(-1.0, 1.0),
        MouseWheelUnit::Point => turn / TICK_POINTS,
    };
    TICK.powf(ticks)
}

impl PageView {
    /// Multiplies the page size around the middle of the view.
    pub(super) fn zoom_by(&mut self, factor: f32) {
        self.zoom_to(Zoom::Fixed(self.nav.shown.scale * factor));
    }

    /// Changes the page size; what is in the middle of the view stays there.
    pub(super) fn zoom_to(&mut self, zoom: Zoom) {
        let Shown { room, middle, .. } = self.nav.shown;
        // A pending jump says where to go.
        if self.nav.jump.is_none() && room != Vec2::ZERO {
            let anchor = *self.nav.anchor.get_or_insert(Anchor { spot: middle, at: room / 2.0 });
            self.nav.jump = Some(match zoom {
                Zoom::FitPage => Jump::Page(anchor.spot.index),
                Zoom::FitWidth | Zoom::Fixed(_) => Jump::At(anchor.spot, anchor.at),
            });
        }
        self.saved.zoom = match zoom {
            Zoom::Fixed(scale) => Zoom::Fixed(scale.clamp(RANGE.0, RANGE.1)),
            other => other,
        };
    }

    /// Multiplies the page size around a place that is at a point of the view.
    pub(super) fn zoom_at(&mut self, spot: Spot, at: Vec2, factor: f32) {
        let is_still = |anchor: &Anchor| (anchor.at - at).length() < STILL;
        self.nav.anchor = self.nav.anchor.filter(is_still).or(Some(Anchor { spot, at }));
        self.nav.jump = None;
        self.zoom_by(factor);
    }

    /// Forgets the anchor once the view was scrolled.
    pub(super) fn forget_anchor_if_scrolled(&mut self, shown: &Shown) {
        let before = &self.nav.shown;
        if shown.scale == before.scale && shown.room == before.room && shown.offset != before.offset {
            self.nav.anchor = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eframe::egui::{Pos2, vec2};
    use engine::document::page::DocumentKind;
    use engine::viewer::{DocumentId, ViewInfo};

    use super::*;
    use crate::window::pages::action::{Paging, ViewAction};
    use crate::window::pages::cache::FrameCache;

    const ROOM: Vec2 = vec2(710.0, 780.0);

    fn info() -> ViewInfo {
        ViewInfo {
            hash: "a".into(),
            name: "a.pdf".into(),
            kind: DocumentKind::Pdf,
            title: None,
            sizes_pt: vec![(612.0, 792.0); 82],
            labels: vec![None; 82],
            outline: Vec::new(),
        }
    }

    fn opened() -> (PageView, FrameCache) {
        let (mut view, mut cache) = (PageView::default(), FrameCache::default());
        view.open(DocumentId(1), &mut cache);
        view.file.set_info(Arc::new(info()));
        draw(&mut view, &mut cache, ROOM);
        (view, cache)
    }

    /// Draws a frame, as `screens/pages` does.
    fn draw(view: &mut PageView, cache: &mut FrameCache, room: Vec2) {
        let (column, jump) = view.arrange(&info(), room, cache);
        let end = (column.size() - room).max(Vec2::ZERO);
        let offset = jump.map_or(view.nav.shown.offset, |jump| view.offset_for(jump, &column)).min(end);
        cache.set_shown(Shown::new(&column, offset));
        view.end_drawing(cache);
    }

    fn act(view: &mut PageView, cache: &mut FrameCache, action: ViewAction) {
        view.dispatch(action);
        draw(view, cache, ROOM);
    }

    fn spot_at(view: &PageView, cache: &mut FrameCache, at: Vec2) -> Spot {
        let (column, _) = view.arrange(&info(), ROOM, cache);
        column.spot((view.nav.shown.offset + at).to_pos2())
    }

    fn is_near(one: Spot, other: Spot) -> bool {
        one.index == other.index && Pos2::new(one.x_pt, one.y_pt).distance(Pos2::new(other.x_pt, other.y_pt)) < 1.0
    }

    #[test]
    fn a_tick_of_the_wheel_zooms_by_a_tenth() {
        assert!((wheel_factor(MouseWheelUnit::Line, 1.0) - 1.1).abs() < 1e-4);
        assert!((wheel_factor(MouseWheelUnit::Line, 3.0) - 1.1).abs() < 1e-4);
        assert!((wheel_factor(MouseWheelUnit::Point, -40.0) - 1.0 / 1.1).abs() < 1e-4);
    }

    #[test]
    fn the_place_under_the_pointer_stays_there() {
        let (mut view, mut cache) = opened();
        act(&mut view, &mut cache, ViewAction::GoTo(30));
        let at = vec2(400.0, 300.0);
        let spot = spot_at(&view, &mut cache, at);
        for ticks in [1, 1, -1, 1, 1, 1, -1, -1, -1] {
            let under = spot_at(&view, &mut cache, at);
            act(&mut view, &mut cache, ViewAction::ZoomAt { spot: under, at, factor: 1.1_f32.powi(ticks) });
            // At a scale at which the page is narrower than the view it is centred; its lines stay all the same.
            let now = spot_at(&view, &mut cache, at);
            assert_eq!(now.index, spot.index);
            assert!((now.y_pt - spot.y_pt).abs() < 1.0, "{now:?} from {spot:?}");
        }
    }

    #[test]
    fn zooming_out_and_in_again_leads_back_to_the_same_place() {
        for page in [1, 9, 41, 82] {
            let (mut view, mut cache) = opened();
            act(&mut view, &mut cache, ViewAction::GoTo(page));
            let middle = view.nav.shown.middle;
            for _ in 0..20 {
                act(&mut view, &mut cache, ViewAction::ZoomBy(1.0 / 1.25));
            }
            assert!((view.nav.shown.scale - RANGE.0).abs() < 1e-3);
            act(&mut view, &mut cache, ViewAction::Zoom(Zoom::FitWidth));
            assert!(is_near(view.nav.shown.middle, middle), "page {page}: {:?}", view.nav.shown.middle);
            act(&mut view, &mut cache, ViewAction::Zoom(Zoom::FitPage));
            assert_eq!(view.nav.shown.current, middle.index as u32 + 1);
        }
    }

    #[test]
    fn scrolling_or_leaving_ends_a_row_of_zooms() {
        for (leave, expected) in [(ViewAction::GoTo(60), 60), (ViewAction::Step(7), 16)] {
            let (mut view, mut cache) = opened();
            act(&mut view, &mut cache, ViewAction::GoTo(9));
            act(&mut view, &mut cache, ViewAction::ZoomBy(0.9));
            act(&mut view, &mut cache, leave);
            act(&mut view, &mut cache, ViewAction::Zoom(Zoom::FitWidth));
            assert_eq!(view.nav.shown.current, expected);
        }
    }

    #[test]
    fn pages_fill_the_width_up_to_a_readable_size_and_a_chosen_size_stays() {
        let (mut view, mut cache) = opened();
        assert!((view.nav.shown.scale - (710.0 - 28.0) / 612.0).abs() < 1e-3);
        draw(&mut view, &mut cache, vec2(2000.0, 1200.0));
        assert!((view.nav.shown.scale - 1.6).abs() < 1e-3, "{}", view.nav.shown.scale);
        act(&mut view, &mut cache, ViewAction::Zoom(Zoom::Fixed(1.5)));
        for width in [710.0, 500.0, 2000.0] {
            draw(&mut view, &mut cache, vec2(width, 780.0));
            assert_eq!(view.nav.shown.scale, 1.5);
        }
    }

    #[test]
    fn a_page_that_is_shown_alone_stays() {
        let (mut view, mut cache) = opened();
        act(&mut view, &mut cache, ViewAction::GoTo(30));
        act(&mut view, &mut cache, ViewAction::Page(Paging::Single));
        for factor in [1.25, 0.5, 0.25, 4.0] {
            act(&mut view, &mut cache, ViewAction::ZoomBy(factor));
            assert_eq!(view.nav.shown.current, 30);
        }
    }
}
