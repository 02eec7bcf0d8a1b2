//! Appearance of the window: the only place where theme tokens are applied to egui.

mod picture;
mod tokens;

use std::sync::Arc;

use eframe::egui::{self, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme as Mode, Visuals};

pub(crate) use picture::{draw_picture, draw_turned_picture};
pub(crate) use tokens::{Colours, Sizes};

/// The light and dark colours, with shared sizes.
#[derive(Clone, Debug)]
pub(crate) struct Theme {
    light: Colours,
    dark: Colours,
    /// Sizes, shared by both modes.
    pub sizes: Sizes,
}

impl Theme {
    /// The bundled theme.
    ///
    /// # Errors
    /// Fails if a file in `assets/theme` does not match [`Colours`] or [`Sizes`].
    pub(crate) fn bundled() -> Result<Self, toml::de::Error> {
        Ok(Self {
            light: toml::from_str(include_str!("../../../../assets/theme/light.toml"))?,
            dark: toml::from_str(include_str!("../../../../assets/theme/dark.toml"))?,
            sizes: toml::from_str(include_str!("../../../../assets/theme/sizes.toml"))?,
        })
    }

    /// The colours of `mode`.
    pub(crate) fn colours(&self, mode: Mode) -> &Colours {
        match mode {
            Mode::Light => &self.light,
            Mode::Dark => &self.dark,
        }
    }

    /// Styles egui for both modes and follows the system mode, if known.
    pub(crate) fn install(&self, ctx: &egui::Context) {
        ctx.options_mut(|options| options.fallback_theme = Mode::Light);
        for mode in [Mode::Light, Mode::Dark] {
            let visuals = self.visuals(mode);
            ctx.style_mut_of(mode, |style| {
                style.visuals = visuals;
                self.set_text_and_spacing(style);
            });
        }
    }

    fn set_text_and_spacing(&self, style: &mut egui::Style) {
        let sizes = &self.sizes;
        for (text, size) in [
            (TextStyle::Small, sizes.text_small),
            (TextStyle::Body, sizes.text_body),
            (TextStyle::Button, sizes.text_body),
            (TextStyle::Heading, sizes.text_heading),
        ] {
            style.text_styles.insert(text, FontId::new(size, FontFamily::Proportional));
        }
        style.spacing.item_spacing = egui::vec2(sizes.gap_small, sizes.gap_small);
        style.spacing.button_padding = egui::vec2(sizes.gap, sizes.gap_small);
        style.spacing.interact_size.y = sizes.control_height;
        style.interaction.selectable_labels = true;
    }

    fn visuals(&self, mode: Mode) -> Visuals {
        let colours = self.colours(mode);
        let mut visuals = match mode {
            Mode::Light => Visuals::light(),
            Mode::Dark => Visuals::dark(),
        };
        // A caret that blinks draws the whole window twice a second, also while nobody is there.
        visuals.text_cursor.blink = false;
        visuals.override_text_color = Some(colours.ink);
        visuals.weak_text_color = Some(colours.ink_muted);
        visuals.panel_fill = colours.background;
        visuals.window_fill = colours.surface;
        visuals.extreme_bg_color = colours.surface;
        visuals.text_edit_bg_color = Some(colours.surface);
        visuals.faint_bg_color = colours.sunken;
        visuals.selection.bg_fill = colours.selection;
        visuals.selection.stroke = Stroke::new(1.5, colours.accent);
        visuals.hyperlink_color = colours.accent;
        visuals.error_fg_color = colours.error;
        let radius = CornerRadius::same(self.sizes.radius);
        let widgets = &mut visuals.widgets;
        for (state, fill, border) in [
            (&mut widgets.noninteractive, colours.background, colours.line),
            (&mut widgets.inactive, colours.surface, colours.line),
            (&mut widgets.hovered, colours.sunken, colours.ink_muted),
            (&mut widgets.active, colours.sunken, colours.accent),
            (&mut widgets.open, colours.sunken, colours.line),
        ] {
            state.bg_fill = fill;
            state.weak_bg_fill = fill;
            state.bg_stroke = Stroke::new(1.0, border);
            state.fg_stroke = Stroke::new(1.0, colours.ink);
            state.corner_radius = radius;
            state.expansion = 0.0;
        }
        visuals
    }
}

/// The theme for drawing functions: sizes and the current colours.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    theme: Arc<Theme>,
    mode: Mode,
}

impl Look {
    /// The look of `theme` in the current mode of `ctx`.
    pub(crate) fn of(theme: &Arc<Theme>, ctx: &egui::Context) -> Self {
        Self { theme: Arc::clone(theme), mode: ctx.theme() }
    }

    /// Colours.
    pub(crate) fn colours(&self) -> &Colours {
        self.theme.colours(self.mode)
    }

    /// Sizes.
    pub(crate) fn sizes(&self) -> &Sizes {
        &self.theme.sizes
    }

    /// A frame for a card.
    pub(crate) fn card(&self) -> egui::Frame {
        egui::Frame::new()
            .fill(self.colours().surface)
            .stroke(Stroke::new(1.0, self.colours().line))
            .corner_radius(CornerRadius::same(self.sizes().radius))
            .inner_margin(Margin::same(self.sizes().gap as i8))
    }

    /// A frame for a part of the window with `margin` on all sides.
    pub(crate) fn panel(&self, margin: f32) -> egui::Frame {
        egui::Frame::new().fill(self.colours().background).inner_margin(Margin::same(margin as i8))
    }

    /// The background behind pages.
    pub(crate) fn page_background(&self) -> egui::Frame {
        egui::Frame::new().fill(self.colours().sunken)
    }

    /// Muted text.
    pub(crate) fn muted(&self, text: impl Into<String>) -> egui::RichText {
        egui::RichText::new(text).size(self.sizes().text_small).color(self.colours().ink_muted)
    }
}

#[cfg(test)]
mod tests;
