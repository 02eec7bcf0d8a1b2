//! The bundled themes parse, and their text has enough contrast.

use eframe::egui::{self, Color32, Theme as Mode};

use crate::window::theme::Theme;

/// Relative luminance as WCAG 2.1 defines it.
fn luminance(colour: Color32) -> f64 {
    let channel = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
}

fn contrast(one: Color32, other: Color32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_has_enough_contrast() {
    let theme = Theme::bundled().unwrap();
    for mode in [Mode::Light, Mode::Dark] {
        let c = theme.colours(mode);
        for (what, text, ground) in [
            ("text on the window", c.ink, c.background),
            ("text on a card", c.ink, c.surface),
            ("text on a control", c.ink, c.sunken),
            ("selected text", c.ink, c.selection),
            ("muted text on the window", c.ink_muted, c.background),
            ("muted text on a card", c.ink_muted, c.surface),
            ("a button's text", c.on_accent, c.accent),
            ("a button's text under the pointer", c.on_accent, c.accent_hover),
            ("a citation", c.accent, c.citation),
            ("a found number", c.found_number, c.background),
            ("a number not found", c.lost_number, c.background),
            ("an error", c.error, c.error_ground),
        ] {
            let ratio = contrast(text, ground);
            assert!(ratio >= 4.5, "{mode:?}: {what} has a contrast of {ratio:.2}");
        }
    }
}

#[test]
fn a_caret_in_a_field_draws_no_frames_while_nothing_happens() {
    let ctx = egui::Context::default();
    Theme::bundled().unwrap().install(&ctx);
    let (mut text, mut delay) = ("a question".to_owned(), std::time::Duration::ZERO);
    for frame in 0..12 {
        let input = egui::RawInput { focused: true, time: Some(0.1 * f64::from(frame)), ..egui::RawInput::default() };
        let mut output = ctx.run_ui(input, |ui| {
            let field = ui.text_edit_singleline(&mut text);
            if frame == 0 {
                field.request_focus();
            }
            assert!(frame == 0 || field.has_focus());
        });
        // Nothing is drawn.
        output.textures_delta.clear();
        delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    }
    assert!(delay >= std::time::Duration::from_secs(5), "the next frame is drawn after {delay:?}");
}
