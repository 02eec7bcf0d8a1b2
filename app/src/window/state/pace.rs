//! How fast the reading behind goes, and how long it will still take.

use std::time::{Duration, Instant};

use engine::protocol::Stage;

/// No step takes longer than this: the machine slept meanwhile.
const LONGEST_STEP: Duration = Duration::from_secs(60);

/// Least part that must be done, and least time that must have gone by, before either tells anything.
const LEAST_PART: f32 = 0.01;
const LEAST_TIME: Duration = Duration::from_secs(2);

/// The stages of a reading, as far as they have been told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Paces {
    /// The one under way comes last.
    stages: Vec<Pace>,
}

/// How fast a stage goes.
#[derive(Clone, Debug, PartialEq)]
struct Pace {
    stage: Stage,
    /// What is being done, in words.
    words: &'static str,
    /// Part that is done, between 0 and 1.
    share: f32,
    /// The part that was done when it was first told: what was kept from earlier costs no time.
    first: f32,
    /// How long it took from there.
    worked: Duration,
}

impl Paces {
    /// Takes in that `share` of a stage is done, `since` the last time anything was told.
    pub(crate) fn tell(&mut self, stage: Stage, words: &'static str, share: f32, since: Duration) {
        let share = share.clamp(0.0, 1.0);
        let before = self.stages.iter().position(|pace| pace.stage == stage).map(|at| self.stages.remove(at));
        self.stages.push(match before.filter(|before| before.share <= share) {
            Some(before) => {
                let step = if since > LONGEST_STEP { Duration::ZERO } else { since };
                Pace { share, worked: before.worked + step, ..before }
            }
            None => Pace { stage, words, share, first: share, worked: Duration::ZERO },
        });
    }

    /// Part of the stage under way that is done.
    pub(crate) fn share(&self) -> Option<f32> {
        self.stages.last().map(|pace| pace.share)
    }

    /// "Encoding the text, 40 %, about 3 min left"; `None` before anything is known.
    pub(crate) fn words(&self) -> Option<String> {
        let pace = self.stages.last()?;
        let percent = format!("{}, {:.0} %", pace.words, pace.share * 100.0);
        Some(match self.left() {
            Some(left) => format!("{percent}, {}", in_words(left)),
            None => percent,
        })
    }

    /// How long it takes until all that is known of is done; `None` while that cannot be told. Text and figures take turns,
    /// any other stage stands alone.
    fn left(&self) -> Option<Duration> {
        let takes_turns = |pace: &Pace| matches!(pace.stage, Stage::Text | Stage::Figures);
        let now = self.stages.last()?;
        let together =
            self.stages.iter().filter(|pace| pace.stage == now.stage || takes_turns(pace) && takes_turns(now));
        together.filter(|pace| pace.share < 1.0).map(Pace::left).sum()
    }
}

impl Pace {
    fn left(&self) -> Option<Duration> {
        let done = self.share - self.first;
        if done < LEAST_PART || self.worked < LEAST_TIME {
            return None;
        }
        Duration::try_from_secs_f32(self.worked.as_secs_f32() / done * (1.0 - self.share)).ok()
    }
}

/// When something was told last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Told(Instant);

impl Told {
    /// Now.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// Time since then; it is counted from now on.
    pub(crate) fn again(&mut self) -> Duration {
        let since = self.0.elapsed();
        self.0 = Instant::now();
        since
    }
}

fn in_words(left: Duration) -> String {
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

    /// What is said after these were told: stage, percent, seconds since the one before.
    fn after(told: &[(Stage, f32, u64)]) -> String {
        let mut paces = Paces::default();
        for &(stage, percent, secs) in told {
            let words = if stage == Stage::Text { TEXT } else { FIGURES };
            paces.tell(stage, words, percent / 100.0, Duration::from_secs(secs));
        }
        paces.words().unwrap()
    }

    #[test]
    fn what_is_left_is_told_once_it_can_be_known() {
        let text = |told: &[(f32, u64)]| after(&told.iter().map(|&(p, s)| (Stage::Text, p, s)).collect::<Vec<_>>());
        for (told, expected) in [
            (&[(0.0, 9)][..], "0 %"),
            (&[(0.0, 9), (0.1, 50)], "0 %"),
            (&[(0.0, 9), (50.0, 1)], "50 %"),
            (&[(0.0, 9), (50.0, 30)], "50 %, less than a minute left"),
            (&[(0.0, 9), (10.0, 30), (25.0, 30)], "25 %, about 3 min left"),
            (&[(0.0, 9), (1.0, 60), (2.0, 60), (3.0, 60), (4.0, 60)], "4 %, about 2 h left"),
        ] {
            assert_eq!(text(told), format!("{TEXT}, {expected}"), "{told:?}");
        }
    }

    #[test]
    fn what_was_kept_costs_no_time() {
        let told = [(Stage::Text, 50.0, 1), (Stage::Text, 60.0, 50)];
        assert_eq!(after(&told), "Encoding the text, 60 %, about 3 min left");
    }

    #[test]
    fn a_night_asleep_does_not_count() {
        let awake = [(Stage::Text, 0.0, 1), (Stage::Text, 20.0, 50), (Stage::Text, 25.0, 12)];
        let mut slept = awake.to_vec();
        slept.insert(2, (Stage::Text, 20.5, 8 * 3600));
        assert_eq!(after(&slept), after(&awake));
    }

    #[test]
    fn stages_that_take_turns_are_counted_together() {
        let told = [(Stage::Figures, 0.0, 0), (Stage::Text, 0.0, 0), (Stage::Text, 50.0, 55)];
        assert_eq!(after(&told), "Encoding the text, 50 %", "the figures' speed is not known yet");
        let mut later = told.to_vec();
        later.extend([(Stage::Figures, 25.0, 60), (Stage::Text, 55.0, 5)]);
        // 60 s for a tenth of the text's rest each, and 180 s for the figures.
        assert_eq!(after(&later), "Encoding the text, 55 %, about 4 min left");
    }

    #[test]
    fn a_stage_that_begins_anew_is_timed_anew() {
        let told = [(Stage::Text, 0.0, 1), (Stage::Text, 80.0, 50), (Stage::Text, 10.0, 1)];
        assert_eq!(after(&told), "Encoding the text, 10 %");
    }
}
