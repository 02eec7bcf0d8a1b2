//! The figures of a report, and which of them are excluded.

use engine::document::geometry::Rect;
use engine::document::page::FigureKind;
use engine::protocol::{FigureReport, PageReport, Place};

/// A figure found in a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundFigure {
    /// Its page, counted from 1.
    pub page: u32,
    /// Its box on the page.
    pub bbox: Rect,
    /// Its kind.
    pub kind: FigureKind,
    /// Its caption, if it has one.
    pub caption: Option<String>,
}

impl FoundFigure {
    /// Its caption, or a name from its page.
    pub(crate) fn name(&self) -> String {
        match (&self.caption, self.kind) {
            (Some(caption), _) => caption.clone(),
            (None, FigureKind::Scan) => format!("Scan of page {}", self.page),
            (None, _) => format!("Figure on page {}", self.page),
        }
    }

    /// Its location for the engine.
    pub(crate) fn place(&self) -> Place {
        Place { document: 0, page: self.page, bbox: self.bbox }
    }

    /// Whether it is among these locations.
    pub(crate) fn is_among(&self, left_out: &[Place]) -> bool {
        left_out.iter().any(|place| self.is_at(place))
    }

    fn is_at(&self, place: &Place) -> bool {
        place.page == self.page && place.bbox.is_about(&self.bbox)
    }
}

/// The figures of these pages, in page order.
pub(crate) fn found(pages: &[PageReport]) -> Vec<FoundFigure> {
    let of_page = |page: &PageReport| {
        let number = page.number;
        let figure = move |report: &FigureReport| FoundFigure {
            page: number,
            bbox: report.bbox,
            kind: report.kind,
            caption: report.caption.clone(),
        };
        page.figure_list.iter().map(figure).collect::<Vec<_>>()
    };
    pages.iter().flat_map(of_page).collect()
}

/// Excludes a figure, or includes it again.
pub(crate) fn leave_out(left_out: &mut Vec<Place>, figure: &FoundFigure, is_out: bool) {
    left_out.retain(|place| !figure.is_at(place));
    if is_out {
        left_out.push(figure.place());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_excluded_once_and_included_again_although_its_box_moved_a_little() {
        let figure = |left: f32| FoundFigure {
            page: 3,
            bbox: Rect::new(left, 0.0, 100.0, 100.0),
            kind: FigureKind::Vector,
            caption: None,
        };
        let mut left_out = Vec::new();
        leave_out(&mut left_out, &figure(0.0), true);
        leave_out(&mut left_out, &figure(4.0), true);
        assert_eq!(left_out.len(), 1);
        assert!(figure(0.0).is_among(&left_out) && !figure(50.0).is_among(&left_out));
        assert!(!FoundFigure { page: 4, ..figure(0.0) }.is_among(&left_out));
        leave_out(&mut left_out, &figure(2.0), false);
        assert_eq!(left_out, []);
    }
}
