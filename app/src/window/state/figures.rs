//! The figures that were found in a report, and which of them are left out.

use engine::document::geometry::Rect;
use engine::document::page::FigureKind;
use engine::protocol::{FigureReport, PageReport, Place};

/// A figure that was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundFigure {
    /// Its page, counted from 1.
    pub page: u32,
    /// Where it is on it.
    pub bbox: Rect,
    /// What it is made of.
    pub kind: FigureKind,
    /// The caption that belongs to it.
    pub caption: Option<String>,
}

impl FoundFigure {
    /// What it is called: its caption, else where it is.
    pub(crate) fn name(&self) -> String {
        match (&self.caption, self.kind) {
            (Some(caption), _) => caption.clone(),
            (None, FigureKind::Scan) => format!("Page {} as a picture", self.page),
            (None, _) => format!("Figure on page {}", self.page),
        }
    }

    /// Where it is, as the engine is told.
    pub(crate) fn place(&self) -> Place {
        Place { document: 0, page: self.page, bbox: self.bbox }
    }

    /// Whether it is one of these.
    pub(crate) fn is_among(&self, left_out: &[Place]) -> bool {
        left_out.iter().any(|place| self.is_at(place))
    }

    fn is_at(&self, place: &Place) -> bool {
        place.page == self.page && place.bbox.is_about(&self.bbox)
    }
}

/// The figures of these pages, in their order.
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

/// Leaves a figure out, or takes it back in.
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
    fn a_figure_is_left_out_once_and_taken_back_though_its_box_moved_a_little() {
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
