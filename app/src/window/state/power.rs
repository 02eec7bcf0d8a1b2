//! Whether reading rests because the computer runs on its battery.

/// What the computer runs on, and what the user wants of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power {
    is_on_battery: bool,
    /// The user wants to read on until the computer is plugged in again.
    reads_on: bool,
}

impl Power {
    /// Takes in what the computer runs on from now on.
    pub(crate) fn told(&mut self, is_on_battery: bool) {
        self.reads_on &= is_on_battery;
        self.is_on_battery = is_on_battery;
    }

    /// Reads on although the computer runs on its battery, this time.
    pub(crate) fn read_on(&mut self) {
        self.reads_on = self.is_on_battery;
    }

    /// Whether reading rests, where the user has set that it should.
    pub(crate) fn rests(self, pauses_on_battery: bool) -> bool {
        pauses_on_battery && self.is_on_battery && !self.reads_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_rests_on_battery_until_the_user_wants_otherwise_or_power_is_back() {
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
        assert!(power.rests(true), "it was asked for once");
    }
}
