//! Speed and remaining time of the background reading.

use std::time::{Duration, Instant};

use engine::protocol::Stage;

/// Longer steps are ignored: the computer was asleep.
const MAX_STEP: Duration = Duration::from_secs(60);

/// Minimum progress and time before an estimate is shown.
const MIN_PROGRESS: f32 = 0.01;
const MIN_TIME: Duration = Duration::from_secs(2);

/// Progress of a reading, by stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReadingPace {
    /// The current one is last.
    stages: Vec<StagePace>,
}

/// Progress of a stage.
#[derive(Clone, Debug, PartialEq)]
struct StagePace {
    stage: Stage,
    /// What is being done, in words.
    label: &'static str,
    /// Completed part, between 0 and 1.
    share: f32,
    /// The part that was completed at the first update, from the cache.
    first: f32,
    /// Time worked since then.
    worked: Duration,
}

impl ReadingPace {
    /// Records that `share` of a stage is completed, `since` the last update.
    pub(crate) fn record(&mut self, stage: Stage, label: &'static str, share: f32, since: Duration) {
        let share = share.clamp(0.0, 1.0);
        let before = self.stages.iter().position(|pace| pace.stage == stage).map(|at| self.stages.remove(at));
        self.stages.push(match before.filter(|before| before.share <= share) {
            Some(before) => {
                let step = if since > MAX_STEP { Duration::ZERO } else { since };
                StagePace { share, worked: before.worked + step, ..before }
            }
            None => StagePace { stage, label, share, first: share, worked: Duration::ZERO },
        });
    }

    /// Completed part of the current stage.
    pub(crate) fn share(&self) -> Option<f32> {
        self.stages.last().map(|pace| pace.share)
    }

    /// "Encoding the text, 40 %, about 3 min left"; `None` before the first update.
    pub(crate) fn words(&self) -> Option<String> {
        let pace = self.stages.last()?;
        let percent = format!("{}, {:.0} %", pace.label, pace.share * 100.0);
        Some(match self.left() {
            Some(left) => format!("{percent}, {}", time_left(left)),
            None => percent,
        })
    }

    /// Estimated time left; `None` while unknown. Text and figures alternate and are added up, other stages run alone.
    fn left(&self) -> Option<Duration> {
        let alternates = |pace: &StagePace| matches!(pace.stage, Stage::Text | Stage::Figures);
        let now = self.stages.last()?;
        let concurrent =
            self.stages.iter().filter(|pace| pace.stage == now.stage || alternates(pace) && alternates(now));
        concurrent.filter(|pace| pace.share < 1.0).map(StagePace::left).sum()
    }
}

impl StagePace {
    fn left(&self) -> Option<Duration> {
        let done = self.share - self.first;
        if done < MIN_PROGRESS || self.worked < MIN_TIME {
            return None;
        }
        Duration::try_from_secs_f32(self.worked.as_secs_f32() / done * (1.0 - self.share)).ok()
    }
}

/// Time of the last update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LastUpdate(Instant);

impl LastUpdate {
    /// Now.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// Time since the last update; restarts the measurement.
    pub(crate) fn lap(&mut self) -> Duration {
        let since = self.0.elapsed();
        self.0 = Instant::now();
        since
    }
}

fn time_left(left: Duration) -> String {
    match left.as_secs_f32() {
        secs if secs < 60.0 => "less than a minute left".to_owned(),
        secs if secs < 5400.0 => format!("about {:.0} min left", secs / 60.0),
        secs => format!("about {:.0} h left", secs / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Encoding the text";
    const FIGURES: &str = "Looking at figures";

    /// The text after these updates: stage, percent, seconds since the one before.
    fn after(updates: &[(Stage, f32, u64)]) -> String {
        let mut pace = ReadingPace::default();
        for &(stage, percent, secs) in updates {
            let label = if stage == Stage::Text { TEXT } else { FIGURES };
            pace.record(stage, label, percent / 100.0, Duration::from_secs(secs));
        }
        pace.words().unwrap()
    }

    #[test]
    fn time_left_is_shown_once_known() {
        let text =
            |updates: &[(f32, u64)]| after(&updates.iter().map(|&(p, s)| (Stage::Text, p, s)).collect::<Vec<_>>());
        for (updates, expected) in [
            (&[(0.0, 9)][..], "0 %"),
            (&[(0.0, 9), (0.1, 50)], "0 %"),
            (&[(0.0, 9), (50.0, 1)], "50 %"),
            (&[(0.0, 9), (50.0, 30)], "50 %, less than a minute left"),
            (&[(0.0, 9), (10.0, 30), (25.0, 30)], "25 %, about 3 min left"),
            (&[(0.0, 9), (1.0, 60), (2.0, 60), (3.0, 60), (4.0, 60)], "4 %, about 2 h left"),
        ] {
            assert_eq!(text(updates), format!("{TEXT}, {expected}"), "{updates:?}");
        }
    }

    #[test]
    fn cached_windows_do_not_count_towards_the_speed() {
        let updates = [(Stage::Text, 50.0, 1), (Stage::Text, 60.0, 50)];
        assert_eq!(after(&updates), "Encoding the text, 60 %, about 3 min left");
    }

    #[test]
    fn time_asleep_does_not_count() {
        let awake = [(Stage::Text, 0.0, 1), (Stage::Text, 20.0, 50), (Stage::Text, 25.0, 12)];
        let mut slept = awake.to_vec();
        slept.insert(2, (Stage::Text, 20.5, 8 * 3600));
        assert_eq!(after(&slept), after(&awake));
    }

    #[test]
    fn alternating_stages_are_added_up() {
        let updates = [(Stage::Figures, 0.0, 0), (Stage::Text, 0.0, 0), (Stage::Text, 50.0, 55)];
        assert_eq!(after(&updates), "Encoding the text, 50 %", "the speed of figures is not known yet");
        let mut later = updates.to_vec();
        later.extend([(Stage::Figures, 25.0, 60), (Stage::Text, 55.0, 5)]);
        // 60 s for a tenth of the text's rest each, and 180 s for the figures.
        assert_eq!(after(&later), "Encoding the text, 55 %, about 4 min left");
    }

    #[test]
    fn a_restarted_stage_is_timed_afresh() {
        let updates = [(Stage::Text, 0.0, 1), (Stage::Text, 80.0, 50), (Stage::Text, 10.0, 1)];
        assert_eq!(after(&updates), "Encoding the text, 10 %");
    }
}
