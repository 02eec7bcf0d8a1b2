//! Finds the captions of figures: numbered ones ("Figure 3"), and titles in bold or large print directly above.

use super::super::geometry::Rect;
use super::super::page::{Caption, Figure, Line};
use super::super::page_clock::PageClock;
use super::super::raw::RawPage;

/// Words that numbered captions begin with, in lower case.
const WORDS: [&str; 15] = [
    "figure",
    "fig.",
    "fig",
    "charts",
    "chart",
    "exhibit",
    "graph",
    "diagram",
    "abbildung",
    "abb.",
    "grafik",
    "graphique",
    "gráfico",
    "figura",
    "map",
];
/// The same in scripts that write the number without a space.
const UNSPACED: [&str; 3] = ["図", "图", "圖"];

/// Whether a line opens a numbered caption: a word for figures, then a number or a letter code.
pub(super) fn opens_caption(text: &str) -> bool {
    let text = text.trim_start();
    if UNSPACED.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| starts_numbered(rest.trim_start()))) {
        return true;
    }
    let Some((first, rest)) = text.split_once(char::is_whitespace) else { return false };
    let first = first.to_lowercase();
    let capital = text.chars().next().is_some_and(char::is_uppercase);
    capital && WORDS.contains(&first.as_str()) && starts_numbered(rest.trim_start())
}

/// A number ("3", "2.1") or a code of capitals, digits and dashes ("A.1", "FFO-A", "IV").
fn starts_numbered(rest: &str) -> bool {
    let code = rest.split(|c: char| c.is_whitespace() || c == ':' || c == '—').next().unwrap_or_default();
    let short = code.chars().count() <= 8;
    let coded = code.chars().all(|c| c.is_uppercase() || c.is_numeric() || matches!(c, '-' | '–' | '.' | '(' | ')'));
    rest.starts_with(char::is_numeric) || short && coded && !code.is_empty()
}

/// Assigns captions to figures: numbered ones first, nearest pair first, then titles directly above.
pub(super) fn attach(raw: &RawPage, lines: &[Line], page: &Rect, figures: &mut [Figure], clock: &PageClock) {
    let mut pairs = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| opens_caption(&line.text)) {
        if clock.is_over() {
            return;
        }
        for (number, figure) in figures.iter().enumerate() {
            if let Some(distance) = distance(&figure.bbox, &line.bbox, page) {
                pairs.push((distance, index, number));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut used = vec![false; lines.len()];
    for (_, index, number) in pairs {
        if clock.is_over() {
            return;
        }
        if !used[index] && figures[number].caption.is_none() {
            used[index] = true;
            figures[number].caption = caption(lines, following(lines, index, figures));
        }
    }
    let mut strong = StrongLines::new(raw, lines);
    for figure in figures.iter_mut().filter(|figure| figure.caption.is_none()) {
        figure.caption = caption(lines, title_above(&mut strong, page, &figure.bbox, clock));
    }
}

/// Distance of a numbered caption from a figure, if it can belong to it. An introduction may come between a caption and
/// the chart below it; a caption below a figure is close to it.
fn distance(figure: &Rect, line: &Rect, page: &Rect) -> Option<f32> {
    let shared = figure.right.min(line.right) - figure.left.max(line.left);
    if shared < 0.4 * figure.width().min(line.width()) {
        return None;
    }
    let (above, below) = (figure.top - line.center_y(), line.center_y() - figure.bottom);
    let far = 0.14 * page.height();
    if above >= 0.0 && above < far {
        return Some(above);
    }
    if below >= 0.0 && below < 0.5 * far {
        return Some(below);
    }
    (above < 0.0 && below < 0.0 && figure.holds_center_of(line)).then_some(0.0)
}

/// The line `first` and the lines that continue its caption.
fn following(lines: &[Line], first: usize, figures: &[Figure]) -> Vec<usize> {
    let mut out = vec![first];
    let mut last = &lines[first];
    for (index, line) in lines.iter().enumerate().skip(first + 1).take(7) {
        let size = last.bbox.height();
        let close = (line.bbox.top - last.bbox.bottom).abs() < 0.7 * size && line.bbox.top > last.bbox.top;
        let aligned = (line.bbox.left - last.bbox.left).abs() < 3.0 * size;
        let same_size = (line.bbox.height() - size).abs() < 0.35 * size;
        let inside = figures.iter().any(|figure| figure.bbox.holds_center_of(&line.bbox));
        if !close || !aligned || !same_size || inside || opens_caption(&line.text) {
            break;
        }
        out.push(index);
        last = line;
    }
    out
}

/// Short lines above a figure, starting with the first in bold or large print.
fn title_above(strong: &mut StrongLines<'_>, page: &Rect, figure: &Rect, clock: &PageClock) -> Vec<usize> {
    let lines = strong.lines;
    let near = Rect { top: figure.top - 0.06 * page.height(), bottom: figure.top + 0.01 * page.height(), ..*figure };
    let mut over: Vec<usize> = (0..lines.len())
        .filter(|&i| {
            let b = &lines[i].bbox;
            near.holds_center_of(b)
                && b.width() <= 1.15 * figure.width()
                && lines[i].text.split_whitespace().count() <= 14
        })
        .collect();
    over.sort_by(|&a, &b| lines[a].bbox.top.total_cmp(&lines[b].bbox.top));
    let title = over.iter().position(|&i| !clock.is_over() && strong.contains(i));
    title.map_or(Vec::new(), |start| over.split_off(start))
}

/// The lines of which most is set in bold; each line is examined at most once.
struct StrongLines<'a> {
    raw: &'a RawPage,
    lines: &'a [Line],
    known: Vec<Option<bool>>,
    /// Characters by the height of their centres: y, x, bold. Filled when a line is first asked for.
    chars: Option<Vec<(f32, f32, bool)>>,
}

impl<'a> StrongLines<'a> {
    fn new(raw: &'a RawPage, lines: &'a [Line]) -> Self {
        Self { raw, lines, known: vec![None; lines.len()], chars: None }
    }

    fn contains(&mut self, line: usize) -> bool {
        if let Some(known) = self.known[line] {
            return known;
        }
        let place = self.lines[line].bbox;
        let chars = self.chars.get_or_insert_with(|| chars_by_height(self.raw));
        let from = chars.partition_point(|c| c.0 < place.top);
        let (mut bold, mut all) = (0, 0);
        let beside = chars[from..].iter().take_while(|c| c.0 <= place.bottom);
        for c in beside.filter(|c| place.left <= c.1 && c.1 <= place.right) {
            all += 1;
            bold += usize::from(c.2);
        }
        let strong = 2 * bold > all;
        self.known[line] = Some(strong);
        strong
    }
}

fn chars_by_height(raw: &RawPage) -> Vec<(f32, f32, bool)> {
    let strong = |name: &str| name.contains("Bold") || name.contains("Black") || name.contains("Heavy");
    let fonts: Vec<bool> = raw.fonts.iter().map(|font| font.weight >= 600 || strong(&font.name)).collect();
    let mut chars: Vec<(f32, f32, bool)> = raw
        .chars
        .iter()
        .filter(|c| !c.unicode.is_whitespace())
        .map(|c| (c.loose.center_y(), c.loose.center_x(), fonts.get(usize::from(c.font)).copied().unwrap_or(false)))
        .filter(|c| c.0.is_finite() && c.1.is_finite())
        .collect();
    chars.sort_by(|a, b| a.0.total_cmp(&b.0));
    chars
}

/// The caption made of these lines; `None` without lines.
fn caption(lines: &[Line], mut indices: Vec<usize>) -> Option<Caption> {
    indices.dedup();
    let first = *indices.first()?;
    let bbox = indices.iter().fold(lines[first].bbox, |all, &i| all.union(&lines[i].bbox));
    let text = indices.iter().map(|&i| lines[i].text.trim()).collect::<Vec<_>>().join(" ");
    Some(Caption { text, bbox, lines: indices.iter().map(|&i| i as u32).collect() })
}
