//! Speed and remaining time of a download.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::window::state::fit::size_words;

/// Length of the window over which the speed is averaged.
const WINDOW: Duration = Duration::from_secs(10);

/// Minimum time before a speed is shown.
const MIN_TIME: Duration = Duration::from_secs(2);

/// Minimum time between samples.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);

/// Progress samples of a download.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FetchPace {
    samples: VecDeque<(Instant, u64)>,
}

impl FetchPace {
    /// Records the number of bytes downloaded so far.
    pub(crate) fn record(&mut self, now: Instant, done_bytes: u64) {
        if self.samples.back().is_some_and(|(_, bytes)| *bytes > done_bytes) {
            // The download has restarted.
            self.samples.clear();
        }
        if self.samples.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= SAMPLE_INTERVAL) {
            self.samples.push_back((now, done_bytes));
        }
        while self.samples.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// "12 MB/s, about 2 min left"; empty while unknown.
    pub(crate) fn words(&self, total_bytes: u64) -> String {
        let (Some((first, from)), Some((last, to))) = (self.samples.front(), self.samples.back()) else {
            return String::new();
        };
        let secs = last.saturating_duration_since(*first);
        if secs < MIN_TIME {
            return String::new();
        }
        let speed = (to - from) as f64 / secs.as_secs_f64();
        if speed < 1.0 {
            return "no data received".to_owned();
        }
        let speed_words = if speed < 1e6 { format!("{:.0} KB", speed / 1e3) } else { size_words(speed as u64) };
        let left = total_bytes.saturating_sub(*to) as f64 / speed;
        format!("{speed_words}/s, {}", left_words(left))
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

    /// The text after these samples: seconds since the start, megabytes downloaded.
    fn after(samples: &[(u64, u64)]) -> String {
        let start = Instant::now();
        let mut pace = FetchPace::default();
        for &(secs, megabytes) in samples {
            pace.record(start + Duration::from_secs(secs), megabytes * MB);
        }
        pace.words(1000 * MB)
    }

    #[test]
    fn speed_and_time_left_are_shown_once_known() {
        for (samples, expected) in [
            (&[][..], ""),
            (&[(0, 0), (1, 9)], ""),
            (&[(0, 0), (5, 50)], "10 MB/s, about 2 min left"),
            (&[(0, 500), (5, 550)], "10 MB/s, less than a minute left"),
            (&[(0, 0), (100, 1)], "10 KB/s, about 28 h left"),
            (&[(0, 7), (5, 7)], "no data received"),
        ] {
            assert_eq!(after(samples), expected, "{samples:?}");
        }
    }

    #[test]
    fn old_samples_are_dropped_and_a_restart_clears_them() {
        let slow_then_fast: Vec<_> = (0..30).map(|s| (s, s)).chain((30..60).map(|s| (s, 30 + (s - 30) * 20))).collect();
        assert_eq!(after(&slow_then_fast), "20 MB/s, less than a minute left");
        assert_eq!(after(&[(0, 0), (5, 500), (6, 10), (9, 40)]), "10 MB/s, about 2 min left");
    }
}
