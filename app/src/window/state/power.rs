//! Whether reading is paused because the computer runs on battery.

/// The power source, and whether the user overrides the pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power {
    is_on_battery: bool,
    /// The user chose to read on battery until power returns.
    is_overridden: bool,
}

impl Power {
    /// Updates the power source.
    pub(crate) fn set_on_battery(&mut self, is_on_battery: bool) {
        self.is_overridden &= is_on_battery;
        self.is_on_battery = is_on_battery;
    }

    /// Overrides the pause until power returns.
    pub(crate) fn override_pause(&mut self) {
        self.is_overridden = self.is_on_battery;
    }

    /// Whether reading is paused, given the setting.
    pub(crate) fn is_reading_paused(self, pauses_on_battery: bool) -> bool {
        pauses_on_battery && self.is_on_battery && !self.is_overridden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_pauses_on_battery_until_overridden_or_power_returns() {
        let mut power = Power::default();
        assert!(!power.is_reading_paused(true));
        power.set_on_battery(true);
        assert!(power.is_reading_paused(true) && !power.is_reading_paused(false));
        power.override_pause();
        power.set_on_battery(true);
        assert!(!power.is_reading_paused(true));
        power.set_on_battery(false);
        assert!(!power.is_reading_paused(true));
        power.set_on_battery(true);
        assert!(power.is_reading_paused(true), "the override lasts once");
    }
}
