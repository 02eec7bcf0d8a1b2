//! A table in an answer. Its widest columns wrap to fit the width; it scrolls only if that is not enough.

use eframe::egui::{Align, Layout, ScrollArea, Stroke, Ui, vec2};

use crate::window::commands::Commands;
use crate::window::markdown::{Alignment, Span};
use crate::window::pages::{FrameCache, PageView};
use crate::window::screens::answer_spans::{job, text_ui};
use crate::window::theme::Look;

/// Minimum width of a column, in points.
const NARROWEST: f32 = 54.0;

/// Height of a scroll bar, in points.
const BAR_ROOM: f32 = 12.0;

/// Draws the table with the first row as header. `at` distinguishes it from other tables in the answer.
pub(super) fn table_ui(
    ui: &mut Ui,
    look: &Look,
    (at, columns, rows): (usize, &[Alignment], &[Vec<Vec<Span>>]),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let size = look.sizes().text_small;
    let gap = look.sizes().gap;
    let rows: Vec<Vec<Vec<Span>>> = rows.iter().enumerate().map(|(at, row)| styled(row, at == 0)).collect();
    let natural: Vec<f32> = (0..columns.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let width = |cell: &Vec<Span>| {
                let galley = ui.painter().layout_job(job(look, cell, (size, f32::INFINITY), false));
                galley.size().x.ceil() + 1.0
            };
            cells.map(width).fold(0.0, f32::max)
        })
        .collect();
    let room = ui.available_width() - gap * columns.len().saturating_sub(1) as f32;
    let widths = fitted(&natural, room);
    let scrolls = widths.iter().sum::<f32>() > room + 0.5;
    let salt = ui.scope_id().with(("table", at));
    ScrollArea::horizontal().id_salt(salt).show(ui, |ui| {
        ui.vertical(|ui| {
            for (number, row) in rows.iter().enumerate() {
                row_ui(ui, look, (columns, &widths, row), view, cache, commands);
                let colour = if number == 0 { look.colours().ink_muted } else { look.colours().line };
                let whole = widths.iter().sum::<f32>() + gap * widths.len().saturating_sub(1) as f32;
                let left = ui.cursor().left();
                let y = ui.cursor().top() - ui.spacing().item_spacing.y / 2.0;
                ui.painter().hline(left..=left + whole, y, Stroke::new(1.0, colour));
            }
            if scrolls {
                ui.add_space(BAR_ROOM);
            }
        });
    });
}

fn styled(row: &[Vec<Span>], is_head: bool) -> Vec<Vec<Span>> {
    let cell = |cell: &Vec<Span>| {
        let spans = cell.iter().cloned();
        if is_head { spans.map(Span::stronger).collect() } else { spans.collect() }
    };
    row.iter().map(cell).collect()
}

fn row_ui(
    ui: &mut Ui,
    look: &Look,
    (columns, widths, row): (&[Alignment], &[f32], &[Vec<Span>]),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = look.sizes().gap;
        for (column, width) in widths.iter().enumerate() {
            let align = match columns.get(column) {
                Some(Alignment::Right) => Align::Max,
                Some(Alignment::Center) => Align::Center,
                _ => Align::Min,
            };
            ui.allocate_ui_with_layout(vec2(*width, 0.0), Layout::top_down(align), |ui| {
                ui.set_width(*width);
                if let Some(cell) = row.get(column) {
                    text_ui(ui, look, (cell, look.sizes().text_small), view, cache, commands);
                }
            });
        }
    });
}

/// Widths that fit into `room`: narrow columns keep their natural width, the others share the rest.
fn fitted(natural: &[f32], room: f32) -> Vec<f32> {
    let mut narrow_first = natural.to_vec();
    narrow_first.sort_by(f32::total_cmp);
    let (mut left, mut most) = (room, f32::INFINITY);
    for (at, width) in narrow_first.iter().enumerate() {
        let share = left / (natural.len() - at) as f32;
        if *width > share {
            most = share.max(NARROWEST);
            break;
        }
        left -= width;
    }
    natural.iter().map(|width| width.min(most)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_columns_share_what_narrow_ones_leave() {
        for (natural, room, expected) in [
            (vec![], 100.0, vec![]),
            (vec![40.0, 50.0], 100.0, vec![40.0, 50.0]),
            (vec![40.0, 300.0], 200.0, vec![40.0, 160.0]),
            (vec![300.0, 40.0, 500.0], 240.0, vec![100.0, 40.0, 100.0]),
            (vec![300.0, 300.0, 30.0], 60.0, vec![NARROWEST, NARROWEST, 30.0]),
        ] {
            assert_eq!(fitted(&natural, room), expected, "{natural:?} in {room}");
        }
    }
}
