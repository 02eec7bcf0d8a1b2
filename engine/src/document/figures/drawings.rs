//! Finds charts and diagrams drawn with lines and areas.
//!
//! Drawing objects close to each other form a cluster. A cluster is a figure if it contains what ruled tables, frames
//! and underlines never do: curves, slanted lines, or bars of different heights on one baseline.

use super::super::geometry::Rect;
use super::super::page::{Figure, FigureKind, Line};
use super::super::page_clock::PageClock;
use super::super::raw::{RawObject, RawObjectKind, RawPage};
use super::pieces::{Piece, TextGrid, pieces};

/// Gap between the panels of one figure, as a share of the page's shorter side.
const PANEL_GAP: f32 = 0.05;

/// What an object says about its cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A curve, a slanted line or a line with many corners.
    Drawn,
    /// A filled rectangle without text on it.
    Bar,
    /// A tick, a rule or a small mark.
    Mark,
}

/// Drawing objects close to each other.
struct Cluster {
    bbox: Rect,
    parts: usize,
    drawn: usize,
    bars: Vec<Rect>,
}

/// The figures among the vector drawings of a page, without captions.
pub(super) fn vectors(
    raw: &RawPage,
    lines: &[Line],
    page: &Rect,
    rasters: &[Figure],
    clock: &PageClock,
) -> Vec<Figure> {
    let pieces: Vec<Piece> = lines.iter().flat_map(pieces).collect();
    let grid = TextGrid::new(&pieces, page);
    let side = page.width().min(page.height());
    let mut parts = Vec::new();
    let mut frames = Vec::new();
    for object in &raw.objects {
        if clock.is_over() {
            return Vec::new();
        }
        if !object.bbox.is_finite() {
            continue;
        }
        let bbox = outline(object, page);
        if bbox.area() > 0.5 * page.area() || rasters.iter().any(|r| r.bbox.holds_center_of(&bbox)) {
            continue;
        }
        match shape(object, &bbox, &grid, side) {
            Some(shape) => parts.push((bbox, shape)),
            None if is_rectangle(object) => frames.push(bbox),
            None => {}
        }
    }
    let mut boxes: Vec<Rect> = clusters(&parts, page)
        .into_iter()
        .filter(|cluster| !clock.is_over() && is_drawing(cluster, side))
        .map(|cluster| with_frame(cluster.bbox, &frames))
        .collect();
    boxes = joined(boxes, 0.0, clock);
    for bbox in &mut boxes {
        *bbox = with_labels(*bbox, &pieces, page, clock);
    }
    joined(boxes, PANEL_GAP * side, clock)
        .into_iter()
        .filter(|bbox| !clock.is_over() && prose_share(bbox, &pieces) < 0.4)
        .map(|bbox| Figure { bbox, kind: FigureKind::Vector, caption: None, lines: Vec::new() })
        .collect()
}

/// The object's box. PDFium reports a vertical line of length `l` as a square with sides `2 l` around it, clipped to
/// the page; that is undone here.
fn outline(object: &RawObject, page: &Rect) -> Rect {
    let bbox = object.bbox.intersection(page);
    let RawObjectKind::Path { segments: 2, curved: false, stroked: true, .. } = object.kind else { return bbox };
    let side = bbox.width().max(bbox.height());
    let square = (bbox.width() - bbox.height()).abs() <= 0.02 * side + 1.0;
    let cut = |value: f32, edge: f32| (value - edge).abs() < 0.5;
    let (cut_left, cut_right) = (cut(bbox.left, page.left), cut(bbox.right, page.right));
    let (cut_top, cut_bottom) = (cut(bbox.top, page.top), cut(bbox.bottom, page.bottom));
    let thin = bbox.width().min(bbox.height()) < 3.0;
    if thin || !(square || cut_left || cut_right || cut_top || cut_bottom) {
        return bbox;
    }
    let middle = |low: f32, high: f32, cut_low: bool, cut_high: bool| match (cut_low, cut_high) {
        (true, false) => high - side / 2.0,
        (false, true) => low + side / 2.0,
        _ => f32::midpoint(low, high),
    };
    let x = middle(bbox.left, bbox.right, cut_left, cut_right);
    let y = middle(bbox.top, bbox.bottom, cut_top, cut_bottom);
    Rect::new(x - 0.25, y - side / 4.0, x + 0.25, y + side / 4.0).intersection(page)
}

/// What an object is evidence of; `None` for frames, bands behind text, long rules and invisible areas.
fn shape(object: &RawObject, bbox: &Rect, text: &TextGrid, side: f32) -> Option<Shape> {
    let RawObjectKind::Path { stroked, filled, fill_rgba, segments, curved, .. } = object.kind else {
        return matches!(object.kind, RawObjectKind::Shading).then_some(Shape::Drawn);
    };
    let blank = fill_rgba[3] == 0 || fill_rgba[..3].iter().all(|&part| part > 250);
    if !stroked && (!filled || blank) {
        return None;
    }
    let (width, height) = (bbox.width(), bbox.height());
    let thin = 0.006 * side;
    if width <= thin || height <= thin {
        return (width.max(height) < 0.25 * side).then_some(Shape::Mark);
    }
    if curved || segments > 6 || segments <= 3 {
        return Some(Shape::Drawn);
    }
    if !filled || blank || text.is_on(bbox) {
        return (width.max(height) < 0.08 * side).then_some(Shape::Mark);
    }
    Some(Shape::Bar)
}

fn is_rectangle(object: &RawObject) -> bool {
    matches!(object.kind, RawObjectKind::Path { segments: 4..=6, curved: false, .. })
}

/// Clusters objects that are close, on a coarse grid over the page so that the cost does not grow with the square of
/// the number of objects.
fn clusters(parts: &[(Rect, Shape)], page: &Rect) -> Vec<Cluster> {
    let cell = (0.012 * page.width().min(page.height())).max(page.width().max(page.height()) / 400.0);
    let columns = (page.width() / cell) as usize + 1;
    let rows = (page.height() / cell) as usize + 1;
    let at = |value: f32, count: usize| ((value / cell).max(0.0) as usize).min(count - 1);
    let cells = |bbox: &Rect| {
        let b = bbox.grown(0.8 * cell);
        (at(b.left, columns), at(b.top, rows), at(b.right, columns), at(b.bottom, rows))
    };
    // A difference array over the corners of all boxes; its sums in both directions say which cells are covered.
    let stride = columns + 1;
    let mut cover = vec![0_i32; stride * (rows + 1)];
    for (bbox, _) in parts {
        let (left, top, right, bottom) = cells(bbox);
        for (x, y, step) in [(left, top, 1), (right + 1, top, -1), (left, bottom + 1, -1), (right + 1, bottom + 1, 1)] {
            if let Some(entry) = cover.get_mut(y * stride + x) {
                *entry += step;
            }
        }
    }
    for index in 0..cover.len() {
        let left = if index % stride > 0 { cover[index - 1] } else { 0 };
        let above = if index >= stride { cover[index - stride] } else { 0 };
        let corner = if index % stride > 0 && index >= stride { cover[index - stride - 1] } else { 0 };
        cover[index] += left + above - corner;
    }
    let names = components(&cover, stride);
    let count = names.iter().copied().max().unwrap_or(0);
    let mut found: Vec<Option<Cluster>> = (0..=count).map(|_| None).collect();
    for (bbox, shape) in parts {
        let name = names[at(bbox.center_y(), rows) * stride + at(bbox.center_x(), columns)];
        let cluster = found[name].get_or_insert_with(|| Cluster { bbox: *bbox, parts: 0, drawn: 0, bars: Vec::new() });
        cluster.bbox = cluster.bbox.union(bbox);
        cluster.parts += 1;
        match shape {
            Shape::Drawn => cluster.drawn += 1,
            Shape::Bar => cluster.bars.push(*bbox),
            Shape::Mark => {}
        }
    }
    found.into_iter().flatten().collect()
}

/// Labels connected covered cells, from 1; 0 for empty cells.
fn components(cover: &[i32], stride: usize) -> Vec<usize> {
    let mut names = vec![0; cover.len()];
    let mut next = 0;
    let mut open = Vec::new();
    for start in 0..cover.len() {
        if cover[start] <= 0 || names[start] != 0 {
            continue;
        }
        next += 1;
        names[start] = next;
        open.push(start);
        while let Some(cell) = open.pop() {
            let (x, y) = (cell % stride, cell / stride);
            for ny in y.saturating_sub(1)..=y + 1 {
                for nx in x.saturating_sub(1)..=(x + 1).min(stride - 1) {
                    let near = ny * stride + nx;
                    if cover.get(near).is_some_and(|&n| n > 0) && names[near] == 0 {
                        names[near] = next;
                        open.push(near);
                    }
                }
            }
        }
    }
    names
}

/// Whether a cluster is large enough and shows more than rules and frames.
fn is_drawing(cluster: &Cluster, side: f32) -> bool {
    let short = cluster.bbox.width().min(cluster.bbox.height());
    let long = cluster.bbox.width().max(cluster.bbox.height());
    if short < 0.05 * side || long > 12.0 * short || cluster.parts < 5 {
        return false;
    }
    let bars_on_a_line = cluster.bars.iter().take(200).any(|first| {
        let alike = cluster.bars.iter().filter(|bar| (bar.bottom - first.bottom).abs() < 1.0);
        let (mut count, mut unequal) = (0, false);
        for bar in alike {
            count += 1;
            unequal |= (bar.height() - first.height()).abs() > 2.0;
        }
        count >= 3 && unequal
    });
    cluster.drawn >= 1 || bars_on_a_line
}

/// The cluster extended to the frame around its plot, if the frame is only a little larger.
fn with_frame(bbox: Rect, frames: &[Rect]) -> Rect {
    let holds = |frame: &&Rect| frame.intersection(&bbox).area() > 0.9 * bbox.area();
    let close = frames.iter().filter(holds).filter(|frame| frame.area() < 1.8 * bbox.area());
    close.min_by(|a, b| a.area().total_cmp(&b.area())).map_or(bbox, |frame| bbox.union(frame))
}

/// Grown by the axis labels and legends at its sides.
fn with_labels(drawn: Rect, pieces: &[Piece], page: &Rect, clock: &PageClock) -> Rect {
    let mut bbox = drawn;
    for reach in [1.8, 0.9] {
        let before = bbox;
        if clock.is_over() {
            break;
        }
        for piece in pieces.iter().filter(|piece| piece.is_label_of(&drawn)) {
            let turned = piece.bbox.height() > 2.0 * piece.bbox.width();
            let size = if turned { piece.bbox.width() } else { piece.bbox.height() }.min(0.03 * page.height());
            if before.grown(reach * size).touches(&piece.bbox) {
                bbox = bbox.union(&piece.bbox);
            }
        }
    }
    bbox.intersection(page)
}

/// Merges boxes that overlap or are within `gap` of each other.
fn joined(mut boxes: Vec<Rect>, gap: f32, clock: &PageClock) -> Vec<Rect> {
    let mut index = 0;
    while index < boxes.len() && !clock.is_over() {
        let here = boxes[index];
        match (index + 1..boxes.len()).find(|&other| here.grown(gap).touches(&boxes[other])) {
            Some(other) => {
                boxes[index] = here.union(&boxes[other]);
                boxes.swap_remove(other);
                index = 0;
            }
            None => index += 1,
        }
    }
    boxes
}

/// Share of a box covered by running text: paragraphs in a frame are not a drawing.
fn prose_share(bbox: &Rect, pieces: &[Piece]) -> f32 {
    let prose = pieces.iter().filter(|piece| !piece.is_label_of(bbox));
    prose.map(|piece| piece.bbox.intersection(bbox).area()).sum::<f32>() / bbox.area().max(1.0)
}
