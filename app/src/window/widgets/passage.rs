//! A passage with search hits marked, preceded by its location.

use eframe::egui::FontId;
use eframe::egui::text::{LayoutJob, TextFormat};

use crate::window::theme::Look;

/// Lays out the location and the passage; `found` are the byte ranges of the hits.
pub(crate) fn passage_job(look: &Look, place: &str, text: &str, found: &[std::ops::Range<usize>]) -> LayoutJob {
    let font = FontId::proportional(look.sizes().text_small);
    let muted = TextFormat::simple(font.clone(), look.colours().ink_muted);
    let plain = TextFormat::simple(font, look.colours().ink);
    let marked = TextFormat { background: look.colours().mark.gamma_multiply(0.4), ..plain.clone() };
    let mut job = LayoutJob::default();
    job.append(place, 0.0, muted);
    job.append("  ", 0.0, plain.clone());
    let mut at = 0;
    for word in found {
        job.append(text.get(at..word.start).unwrap_or_default(), 0.0, plain.clone());
        job.append(text.get(word.clone()).unwrap_or_default(), 0.0, marked.clone());
        at = word.end;
    }
    job.append(text.get(at..).unwrap_or_default(), 0.0, plain);
    job
}
