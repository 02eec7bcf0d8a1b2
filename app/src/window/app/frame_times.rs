//! Frame times, logged on request.

use std::time::{Duration, Instant};

/// Most frames recorded: half an hour at 60 per second.
const MOST: usize = 108_000;

/// Recorded frame times.
#[derive(Debug)]
pub(crate) struct FrameTimes {
    begun: Instant,
    times: Vec<Duration>,
    this_frame: Duration,
}

impl FrameTimes {
    /// Starts recording for a program that was started at `begun`.
    pub(crate) fn since(begun: Instant) -> Self {
        Self { begun, times: Vec::new(), this_frame: Duration::ZERO }
    }

    /// Starts timing a part of a frame.
    pub(crate) fn start() -> Instant {
        Instant::now()
    }

    /// Ends the first part of a frame: applying events.
    pub(crate) fn end_logic(&mut self, since: Instant) {
        self.this_frame = since.elapsed();
    }

    /// Ends the second part, drawing, and the frame.
    pub(crate) fn end_drawing(&mut self, since: Instant) {
        if self.times.is_empty() {
            tracing::info!("first frame after {} ms", self.begun.elapsed().as_millis());
        }
        if self.times.len() < MOST {
            self.times.push(self.this_frame + since.elapsed());
        }
        self.this_frame = Duration::ZERO;
    }

    /// "1234 frames, median 1.2 ms, 99th percentile 8.1 ms, longest 21.0 ms".
    pub(crate) fn words(&self) -> String {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            times.get(index.min(times.len().saturating_sub(1))).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        let [median, late, longest] = [0.5, 0.99, 1.0].map(at);
        format!("{} frames, median {median:.1} ms, 99th percentile {late:.1} ms, longest {longest:.1} ms", times.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_frames() {
        let times = (1..=100).map(Duration::from_millis).collect();
        let frames = FrameTimes { times, ..FrameTimes::since(Instant::now()) };
        assert_eq!(frames.words(), "100 frames, median 51.0 ms, 99th percentile 100.0 ms, longest 100.0 ms");
        let none = FrameTimes::since(Instant::now());
        assert_eq!(none.words(), "0 frames, median 0.0 ms, 99th percentile 0.0 ms, longest 0.0 ms");
    }
}
