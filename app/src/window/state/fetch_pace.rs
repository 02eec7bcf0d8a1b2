//! How fast a model comes, and how long it will still take.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::window::state::fit::size_words;

/// The speed is that of the last so many seconds: networks change their mind.
const LOOKS_BACK: Duration = Duration::from_secs(10);

/// Least time that must have gone by before a speed is told.
const LEAST_TIME: Duration = Duration::from_secs(2);

/// How often the way so far is noted, at most.
const NOTED_EVERY: Duration = Duration::from_millis(250);

/// Where a fetch was at what time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FetchPace {
    noted: VecDeque<(Instant, u64)>,
}

impl FetchPace {
    /// Takes in that so many bytes are there now.
    pub(crate) fn tell(&mut self, now: Instant, done_bytes: u64) {
        if self.noted.back().is_some_and(|(_, bytes)| *bytes > done_bytes) {
            // It begins anew.
            self.noted.clear();
        }
        if self.noted.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= NOTED_EVERY) {
            self.noted.push_back((now, done_bytes));
        }
        while self.noted.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) > LOOKS_BACK) {
            self.noted.pop_front();
        }
    }

    /// "12 MB a second, about 2 min left"; empty while nothing is known.
    pub(crate) fn words(&self, total_bytes: u64) -> String {
        let (Some((first, from)), Some((last, to))) = (self.noted.front(), self.noted.back()) else {
            return String::new();
        };
        let secs = last.saturating_duration_since(*first);
        if secs < LEAST_TIME {
            return String::new();
        }
        let speed = (to - from) as f64 / secs.as_secs_f64();
        if speed < 1.0 {
            return "nothing comes at the moment".to_owned();
        }
        let speed_words = if speed < 1e6 { format!("{:.0} KB", speed / 1e3) } else { size_words(speed as u64) };
        let left = total_bytes.saturating_sub(*to) as f64 / speed;
        format!("{speed_words} a second, {}", left_words(left))
    }
}

fn left_words(secs: f64) -> String {
    match secs {
        secs if secs < 60.0 => "less than a minute left".to_owned(),
        secs if secs < 5400.0 => format!("about {:.0} min left", secs / 60.0),
        secs => format!("about {:.0} h left", secs / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// What is said after these were told: seconds since the start, megabytes that are there.
    fn after(told: &[(u64, u64)]) -> String {
        let start = Instant::now();
        let mut pace = FetchPace::default();
        for &(secs, megabytes) in told {
            pace.tell(start + Duration::from_secs(secs), megabytes * MB);
        }
        pace.words(1000 * MB)
    }

    #[test]
    fn speed_and_time_left_are_told_once_they_can_be_known() {
        for (told, expected) in [
            (&[][..], ""),
            (&[(0, 0), (1, 9)], ""),
            (&[(0, 0), (5, 50)], "10 MB a second, about 2 min left"),
            (&[(0, 500), (5, 550)], "10 MB a second, less than a minute left"),
            (&[(0, 0), (100, 1)], "10 KB a second, about 28 h left"),
            (&[(0, 7), (5, 7)], "nothing comes at the moment"),
        ] {
            assert_eq!(after(told), expected, "{told:?}");
        }
    }

    #[test]
    fn what_was_long_ago_does_not_count_and_a_new_beginning_is_one() {
        let slow_then_fast: Vec<_> = (0..30).map(|s| (s, s)).chain((30..60).map(|s| (s, 30 + (s - 30) * 20))).collect();
        assert_eq!(after(&slow_then_fast), "20 MB a second, less than a minute left");
        assert_eq!(after(&[(0, 0), (5, 500), (6, 10), (9, 40)]), "10 MB a second, about 2 min left");
    }
}
