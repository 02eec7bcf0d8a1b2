//! What the user sets, kept from one start to the next.

use std::collections::BTreeMap;

use eframe::egui::{Context, ThemePreference};
use engine::protocol::{ComputeOptions, DeviceChoice, MemoryChoice};
use serde::{Deserialize, Serialize};

use crate::services::models::Speed;
use crate::window::saved::lenient::{self, Losses};

/// Smallest and largest size of text, as a share of the usual one.
pub(crate) const TEXT_SIZES: (f32, f32) = (0.8, 1.6);

/// All of it. What a file lacks is as it is here; what it has besides is left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Light, dark, or as the system has it.
    pub theme: Mode,
    /// Size of text and controls, as a share of the usual one.
    pub text_size: f32,
    /// Name of the model that answers; `None` for the best one installed.
    pub model: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// How the encoder's output is kept for answering.
    pub memory: MemoryChoice,
    /// Bytes that what was read may take on disk; `None` for as many as usual.
    pub kept_bytes: Option<u64>,
    /// Reading rests while the computer runs on its battery.
    pub pauses_on_battery: bool,
    /// How fast models were when that was measured, by name and device.
    pub speeds: BTreeMap<String, Speed>,
    /// How fast models that can be fetched would be, as that was estimated, by name and device.
    pub expected: BTreeMap<String, Speed>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Mode::System,
            text_size: 1.0,
            model: None,
            device: DeviceChoice::default(),
            memory: MemoryChoice::default(),
            kept_bytes: None,
            pauses_on_battery: false,
            speeds: BTreeMap::new(),
            expected: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Reads what [`Settings::to_bytes`] wrote; as usual where that cannot be understood.
    pub(crate) fn from_bytes(bytes: Option<&[u8]>) -> Self {
        bytes.map(|bytes| Self::read(bytes).0).unwrap_or_default()
    }

    /// Reads what [`Settings::to_bytes`] wrote, and says what could not be understood and is as usual.
    pub(crate) fn read(bytes: &[u8]) -> (Self, Losses) {
        let mut losses = Losses::default();
        let whole = serde_json::from_slice(bytes).ok();
        let mut settings: Self = whole
            .or_else(|| lenient::fields(lenient::object(bytes, &mut losses), &[], &mut losses))
            .unwrap_or_default();
        settings.text_size = settings.text_size.clamp(TEXT_SIZES.0, TEXT_SIZES.1);
        (settings, losses)
    }

    /// As they are written down.
    ///
    /// # Errors
    /// Fails if a value has no form in JSON; then nothing may be replaced by it.
    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec_pretty(self)
    }

    /// Makes the window look as it is set.
    pub(crate) fn apply(&self, ctx: &Context) {
        ctx.set_theme(match self.theme {
            Mode::System => ThemePreference::System,
            Mode::Light => ThemePreference::Light,
            Mode::Dark => ThemePreference::Dark,
        });
        ctx.set_zoom_factor(self.text_size);
    }

    /// How fast a model was where it computes now, if that was measured.
    pub(crate) fn speed(&self, model: &str) -> Option<&Speed> {
        self.speeds.get(&speed_key(model, self.device))
    }

    /// Notes how fast a model is.
    pub(crate) fn note_speed(&mut self, model: &str, device: DeviceChoice, speed: Speed) {
        self.speeds.insert(speed_key(model, device), speed);
    }

    /// How fast a model would be where it would compute now, if that was estimated.
    pub(crate) fn expected(&self, model: &str) -> Option<&Speed> {
        self.expected.get(&speed_key(model, self.device))
    }

    /// Notes how fast models would be.
    pub(crate) fn note_expected(&mut self, device: DeviceChoice, speeds: Vec<(String, Speed)>) {
        self.expected.extend(speeds.into_iter().map(|(model, speed)| (speed_key(&model, device), speed)));
    }

    /// With which model and how the engine computes.
    pub(crate) fn compute(&self) -> ComputeOptions {
        ComputeOptions { model: self.model.clone(), device: self.device, dtype: None, memory: self.memory }
    }
}

fn speed_key(model: &str, device: DeviceChoice) -> String {
    format!("{model} on {device:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_strange_is_as_usual() {
        for (bytes, expected) in [
            (None, Settings::default()),
            (Some(&b"{"[..]), Settings::default()),
            (Some(b"{\"theme\":\"Dark\",\"later\":3}"), Settings { theme: Mode::Dark, ..Settings::default() }),
            (
                Some(b"{\"theme\":\"Dark\",\"device\":\"Quantum\"}"),
                Settings { theme: Mode::Dark, ..Settings::default() },
            ),
            (Some(b"{\"text_size\":90}"), Settings { text_size: TEXT_SIZES.1, ..Settings::default() }),
        ] {
            assert_eq!(Settings::from_bytes(bytes), expected);
        }
        let settings = Settings { model: Some("starter".into()), ..Settings::default() };
        assert_eq!(Settings::from_bytes(Some(&settings.to_bytes().unwrap())), settings);
    }
}
