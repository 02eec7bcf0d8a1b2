//! The bundled themes parse, and their text has enough contrast.

use eframe::egui::{Color32, Theme as Mode};

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
