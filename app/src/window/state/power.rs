//! Whether reading is paused because the computer runs on battery.

/// The power source, and whether the user overrides the pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power {
    is_on_battery: bool,
    /// The user chose to read on battery until power returns.
    reads_on: bool,
}

impl Power {
    /// Updates the power source.
    pub(crate) fn told(&mut self, is_on_battery: bool) {
        self.reads_on &= is_on_battery;
        self.is_on_battery = is_on_battery;
    }

    /// Overrides the pause until power returns.
    pub(crate) fn read_on(&mut self) {
        self.reads_on = self.is_on_battery;
    }

    /// Whether reading is paused, given the setting.
    pub(crate) fn rests(self, pauses_on_battery: bool) -> bool {
        pauses_on_battery && self.is_on_battery && !self.reads_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_pauses_on_battery_until_overridden_or_power_returns() {
        let mut power = Power::default();
        assert!(!power.rests(true));
        power.told(true);
        assert!(power.rests(true) && !power.rests(false));
        power.read_on();
        power.told(true);
        assert!(!power.rests(true));
        power.told(false);
        assert!(!power.rests(true));
        power.told(true);
        assert!(power.rests(true), "the override lasts once");
    }
}
