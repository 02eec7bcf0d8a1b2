//! The saved settings.

use std::collections::BTreeMap;

use engine::protocol::{ComputeOptions, DeviceChoice, MemoryChoice};
use serde::{Deserialize, Serialize};

use crate::services::models::Speed;
use crate::window::saved::lenient::{self, Losses};

/// Minimum and maximum text size, as a share of the normal size.
pub(crate) const TEXT_SIZES: (f32, f32) = (0.8, 1.6);

/// All settings. Missing fields take their defaults; unknown fields are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Light, dark or system theme.
    pub theme: Mode,
    /// Size of text and controls, as a share of the normal size.
    pub text_size: f32,
    /// Name of the model in use; `None` for the best one installed.
    pub model: Option<String>,
    /// Device to run on.
    pub device: DeviceChoice,
    /// Representation of the memory for answers.
    pub memory: MemoryChoice,
    /// Limit of the encoding cache, in bytes; `None` for the default.
    pub kept_bytes: Option<u64>,
    /// Pause background reading on battery.
    pub pauses_on_battery: bool,
    /// Measured speeds of models, by name and device.
    pub speeds: BTreeMap<String, Speed>,
    /// Estimated speeds of models to download, by name and device.
    pub expected: BTreeMap<String, Speed>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// The system's.
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

    /// Measured speed of a model on the current device.
    pub(crate) fn speed(&self, model: &str) -> Option<&Speed> {
        self.speeds.get(&speed_key(model, self.device))
    }

    /// Saves a measured speed.
    pub(crate) fn note_speed(&mut self, model: &str, device: DeviceChoice, speed: Speed) {
        self.speeds.insert(speed_key(model, device), speed);
    }

    /// Estimated speed of a model on the current device.
    pub(crate) fn expected(&self, model: &str) -> Option<&Speed> {
        self.expected.get(&speed_key(model, self.device))
    }

    /// Saves estimated speeds.
    pub(crate) fn note_expected(&mut self, device: DeviceChoice, speeds: Vec<(String, Speed)>) {
        self.expected.extend(speeds.into_iter().map(|(model, speed)| (speed_key(&model, device), speed)));
    }

    /// Options for the engine.
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
