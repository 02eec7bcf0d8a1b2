//! Results: the measurement of one run, and the summary of several.

use serde::Serialize;

use super::work::Work;

/// The measurement of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The benchmark, as written.
    pub work: String,
    /// Seconds it took.
    pub secs: f64,
    /// Tokens processed or generated; absent for a figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// Tokens per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_sec: Option<f64>,
    /// Seconds to the first token, not included in `secs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_secs: Option<f64>,
    /// Kind of memory: `kv` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<&'static str>,
    /// Size of the memory in bytes.
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

/// Median and range of a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The median; the mean of the middle two for an even number of values.
    pub median: f64,
    /// The minimum.
    pub min: f64,
    /// The maximum.
    pub max: f64,
}

impl Spread {
    /// The spread of these values; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some(Self { median: f64::midpoint(*low, *high), min, max })
    }
}

/// A summary of several runs of the same benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The benchmark, as written.
    pub work: String,
    /// Number of runs.
    pub rounds: usize,
    /// Seconds it took.
    pub secs: Spread,
    /// Tokens processed or generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// Tokens per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_sec: Option<Spread>,
    /// Seconds to the first token, not included in `secs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_secs: Option<Spread>,
    /// Kind of memory: `kv` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<&'static str>,
    /// Size of the memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl Summary {
    /// Summarises runs of one benchmark; `None` if there are none.
    pub fn of(runs: &[Measurement]) -> Option<Self> {
        let first = runs.first()?;
        let spread = |value: fn(&Measurement) -> Option<f64>| Spread::of(runs.iter().filter_map(value));
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
        for (values, expected) in [
            (vec![3.0, 1.0, 2.0], Some((2.0, 1.0, 3.0))),
            (vec![4.0, 1.0, 2.0, 9.0], Some((3.0, 1.0, 9.0))),
            (vec![5.0], Some((5.0, 5.0, 5.0))),
            (vec![], None),
        ] {
            let spread = Spread::of(values).map(|spread| (spread.median, spread.min, spread.max));
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
