//! Figures: what one run took, and the middle of several runs.

use serde::Serialize;

use super::work::Work;

/// What one run of a piece of work took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The work, as it is written.
    pub work: String,
    /// Seconds it took.
    pub secs: f64,
    /// Tokens that were worked on, or written; absent for a figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// Tokens a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_sec: Option<f64>,
    /// Seconds to the first token, which are not part of `secs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_secs: Option<f64>,
    /// How the encoding was kept: `kv` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<&'static str>,
    /// Bytes that the encoding takes while questions are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl Measurement {
    pub(super) fn new(work: Work, secs: f64, tokens: Option<usize>) -> Self {
        Self {
            work: work.to_string(),
            secs,
            tokens,
            tokens_per_sec: tokens.map(|tokens| tokens as f64 / secs.max(f64::MIN_POSITIVE)),
            first_token_secs: None,
            memory: None,
            memory_bytes: None,
        }
    }
}

/// The middle and the ends of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The one in the middle; between two, their mean.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of these figures; `None` where there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some(Self { median: f64::midpoint(*low, *high), min, max })
    }
}

/// Several runs of the same piece of work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The work, as it is written.
    pub work: String,
    /// How often it was run.
    pub rounds: usize,
    /// Seconds it took.
    pub secs: Spread,
    /// Tokens that were worked on, or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// Tokens a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_sec: Option<Spread>,
    /// Seconds to the first token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_secs: Option<Spread>,
    /// How the encoding was kept: `kv` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<&'static str>,
    /// Bytes that the encoding takes while questions are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl Summary {
    /// Of runs of one piece of work; `None` where there are none.
    pub fn of(runs: &[Measurement]) -> Option<Self> {
        let first = runs.first()?;
        let spread = |figure: fn(&Measurement) -> Option<f64>| Spread::of(runs.iter().filter_map(figure));
        Some(Self {
            work: first.work.clone(),
            rounds: runs.len(),
            secs: spread(|run| Some(run.secs))?,
            tokens: first.tokens,
            tokens_per_sec: spread(|run| run.tokens_per_sec),
            first_token_secs: spread(|run| run.first_token_secs),
            memory: first.memory,
            memory_bytes: first.memory_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_in_the_middle() {
        for (figures, expected) in [
            (vec![3.0, 1.0, 2.0], Some((2.0, 1.0, 3.0))),
            (vec![4.0, 1.0, 2.0, 9.0], Some((3.0, 1.0, 9.0))),
            (vec![5.0], Some((5.0, 5.0, 5.0))),
            (vec![], None),
        ] {
            let spread = Spread::of(figures).map(|spread| (spread.median, spread.min, spread.max));
            assert_eq!(spread, expected);
        }
    }

    #[test]
    fn speed_is_summed_up_over_the_speeds_of_the_runs() {
        let work = Work::Encode { tokens: 100 };
        let runs = [2.0, 1.0, 4.0].map(|secs| Measurement::new(work, secs, Some(100)));
        let summary = Summary::of(&runs).unwrap();
        assert_eq!(summary.work, "encode 100");
        assert_eq!(summary.tokens_per_sec, Some(Spread { median: 50.0, min: 25.0, max: 100.0 }));
        assert_eq!(summary.first_token_secs, None);
        assert_eq!(Summary::of(&[]), None);
    }
}
