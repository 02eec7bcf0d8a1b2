//! The text of an answer: a column of Markdown blocks.

use eframe::egui::text::LayoutJob;
use eframe::egui::{FontFamily, FontId, Label, RichText, ScrollArea, Stroke, Ui};

use crate::window::commands::Commands;
use crate::window::markdown::{Block, Span};
use crate::window::pages::{FrameCache, PageView};
use crate::window::screens::answer_spans::text_ui;
use crate::window::screens::answer_table::table_ui;
use crate::window::theme::Look;

/// Indent of lists and quotations, in points.
const INDENT: f32 = 18.0;

/// Extra space between blocks, in points.
const BETWEEN: f32 = 4.0;

/// Width of the line beside a quotation, in points.
const BAR_WIDTH: f32 = 3.0;

/// Draws a column of blocks.
pub(crate) fn blocks_ui(
    ui: &mut Ui,
    look: &Look,
    blocks: &[Block],
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let body = look.sizes().text_body;
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            ui.add_space(BETWEEN);
        }
        match block {
            Block::Paragraph(spans) => text_ui(ui, look, (spans, body), view, cache, commands),
            Block::Heading(level, spans) => {
                let larger = [1.25, 1.15, 1.05][usize::from(*level).clamp(1, 3) - 1];
                let spans: Vec<Span> = spans.iter().cloned().map(Span::stronger).collect();
                text_ui(ui, look, (&spans, body * larger), view, cache, commands);
            }
            Block::Code(code) => code_ui(ui, look, code),
            Block::Quote(blocks) => quote_ui(ui, look, |ui| blocks_ui(ui, look, blocks, view, cache, commands)),
            Block::List { start, items } => {
                for (number, item) in items.iter().enumerate() {
                    let sign = start.map_or_else(|| "•".to_owned(), |start| format!("{}.", start + number as u64));
                    item_ui(ui, look, &sign, |ui| blocks_ui(ui, look, item, view, cache, commands));
                }
            }
            Block::Table { columns, rows } => table_ui(ui, look, (at, columns, rows), view, cache, commands),
            Block::Rule => {
                ui.separator();
            }
        }
    }
}

/// An indented quotation with a line beside it.
fn quote_ui(ui: &mut Ui, look: &Look, content: impl FnOnce(&mut Ui)) {
    let quoted = ui.horizontal_top(|ui| {
        ui.add_space(INDENT);
        ui.vertical(content);
    });
    let rect = quoted.response.rect;
    let stroke = Stroke::new(BAR_WIDTH, look.colours().line);
    ui.painter().vline(rect.left() + BAR_WIDTH, rect.y_range(), stroke);
}

fn item_ui(ui: &mut Ui, look: &Look, sign: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let sign = RichText::new(sign).color(look.colours().ink_muted);
        let sign = ui.add(Label::new(sign).selectable(false));
        ui.add_space((INDENT - sign.rect.width() - ui.spacing().item_spacing.x).max(0.0));
        ui.vertical(content);
    });
}

fn code_ui(ui: &mut Ui, look: &Look, code: &str) {
    look.card().show(ui, |ui| {
        ScrollArea::horizontal().id_salt(("code", code)).show(ui, |ui| {
            let font = FontId::new(look.sizes().text_small, FontFamily::Monospace);
            let job = LayoutJob::simple(code.to_owned(), font, look.colours().ink, f32::INFINITY);
            ui.add(Label::new(job).extend());
        });
    });
}
