//! Running text of an answer: styled spans, links, and numbers that show where they were found.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{CursorIcon, FontFamily, FontId, Galley, Label, Response, Sense, Stroke, Ui, Vec2, vec2};

use crate::window::commands::Commands;
use crate::window::markdown::{Mark, Span};
use crate::window::pages::{FrameCache, Marks, PageView, ViewAction};
use crate::window::screens::crops::{CROP_WIDTH, crops_ui};
use crate::window::theme::Look;

/// Offset of the second copy of a text that makes it look bold, in points: the fonts have no bold weight.
const HEAVY: f32 = 0.55;

/// Draws running text as one label, so that it is read and selected as a whole.
pub(super) fn text_ui(
    ui: &mut Ui,
    look: &Look,
    (spans, size): (&[Span], f32),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    let width = ui.available_width();
    let job = job(look, spans, (size, width), false);
    let galley = ui.painter().layout_job(job.clone());
    let has_places = spans.iter().any(|span| span.link.is_some() || span.mark.is_some());
    let response = ui.add(Label::new(job).wrap().sense(if has_places { Sense::click() } else { Sense::hover() }));
    if spans.iter().any(|span| span.style.strong) {
        let heavy = ui.painter().layout_job(self::job(look, spans, (size, width), true));
        ui.painter().galley(response.rect.min + vec2(HEAVY, 0.0), heavy, look.colours().ink);
    }
    let under = response.hover_pos().and_then(|pointer| span_at(&galley, pointer - response.rect.min, spans));
    if let Some(span) = under {
        span_hover(ui, look, (response, span), view, cache, commands);
    }
}

/// The span at a point, relative to the corner of the text.
fn span_at<'a>(galley: &Galley, at: Vec2, spans: &'a [Span]) -> Option<&'a Span> {
    let at = at.to_pos2();
    let mut before = 0;
    for row in &galley.rows {
        if row.rect().contains(at) {
            let letters = &row.row.glyphs;
            let letter = letters.iter().position(|glyph| at.x - row.pos.x < glyph.max_x())?;
            let mut past = 0;
            return spans.iter().find(|span| {
                past += span.text.chars().count();
                before + letter < past
            });
        }
        before += row.row.glyphs.len() + usize::from(row.ends_with_newline);
    }
    None
}

/// Tooltip and click of a link or a number.
fn span_hover(
    ui: &Ui,
    look: &Look,
    (response, span): (Response, &Span),
    view: &PageView,
    cache: &mut FrameCache,
    commands: &mut Commands,
) {
    if let Some(address) = &span.link {
        let is_web = ["http://", "https://"].iter().any(|start| address.starts_with(start));
        if is_web {
            ui.set_cursor_icon(CursorIcon::PointingHand);
            if response.clicked() {
                ui.open_url(eframe::egui::OpenUrl::new_tab(address));
            }
        }
        response.on_hover_text_at_pointer(address);
        return;
    }
    match &span.mark {
        Some(Mark::Found(place)) => {
            ui.set_cursor_icon(CursorIcon::PointingHand);
            if response.clicked() {
                let marks = Marks { page: place.page, boxes: place.boxes.clone() };
                commands.push(ViewAction::Show(marks));
            }
            let words = format!("{} is on page {}", span.text, place.page);
            response.on_hover_ui_at_pointer(|ui| {
                ui.set_max_width(CROP_WIDTH);
                ui.label(look.muted(words));
                if !view.file.is_text() {
                    crops_ui(ui, look, (place.page, &[place.boxes.as_slice()]), view, cache);
                }
            });
        }
        Some(Mark::Lost) => {
            response.on_hover_text_at_pointer(format!("{} was not found on the cited pages", span.text));
        }
        None => {}
    }
}

/// The layout of the text in the given width; with `heavy_only`, all other text is transparent.
pub(super) fn job(look: &Look, spans: &[Span], (size, width): (f32, f32), heavy_only: bool) -> LayoutJob {
    let colours = look.colours();
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for span in spans {
        let family = if span.style.code { FontFamily::Monospace } else { FontFamily::Proportional };
        let size = if span.style.code { size * 0.92 } else { size };
        let mut format = TextFormat::simple(FontId::new(size, family), colours.ink);
        format.italics = span.style.slanted;
        if span.style.struck {
            format.strikethrough = Stroke::new(1.0, colours.ink);
        }
        if span.link.is_some() {
            format.color = colours.accent;
            format.underline = Stroke::new(1.0, colours.accent);
        }
        match &span.mark {
            Some(Mark::Found(_)) => {
                format.color = colours.found_number;
                format.underline = Stroke::new(1.0, colours.found_number);
            }
            Some(Mark::Lost) => format.color = colours.lost_number,
            None => {}
        }
        if span.style.code {
            format.background = colours.sunken;
        }
        if heavy_only {
            format.underline = Stroke::NONE;
            format.background = colours.ink.gamma_multiply(0.0);
            if !span.style.strong {
                format.color = colours.ink.gamma_multiply(0.0);
            }
        }
        job.append(&span.text, 0.0, format);
    }
    job
}
