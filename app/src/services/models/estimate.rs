//! Estimates the speed of models that are not installed: times the smallest published size with random weights and a few
//! layers in a child process, and scales the result by the cost of each size.

use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::prompt::PASSAGE_TOKENS;
use engine::protocol::DeviceChoice;
use engine::worker::bench::{Cost, Shape};

use crate::services::models::Speed;
use crate::services::models::speed::{Bench, PAGE_TOKENS, SpeedError, TOKEN_WORDS};

/// The timed shape.
const SHAPE: Shape = Shape::Smallest;

/// Its number of layers, which take a second or two to build.
const LAYERS: usize = 6;

/// Deadlines for repeating the encoding and generation tasks, after the start; each runs at least once.
const ENCODE_UNTIL: Duration = Duration::from_secs(6);
const GENERATE_UNTIL: Duration = Duration::from_secs(9);

/// The timed tasks, after a warm-up.
const WARM_UP: &str = "encode 64";
const ENCODE: &str = "encode 512";
const GENERATE: &str = "decode 1024 4";

/// Throughput of this computer, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throughput {
    /// Floating-point operations while encoding.
    flops: f64,
    /// Weights read while generating.
    weights: f64,
}

/// Measures the throughput, within ten seconds unless the computer is very slow.
///
/// # Errors
/// Returns [`SpeedError`]; on cancellation within a fraction of a second.
pub(crate) fn measure_throughput(device: DeviceChoice, cancel: &CancelToken) -> Result<Throughput, SpeedError> {
    let cost = SHAPE.cost(Some(LAYERS)).map_err(|error| std::io::Error::other(error.to_string()))?;
    let start = Instant::now();
    let layers = LAYERS.to_string();
    let mut bench = Bench::start(&["--shape", SHAPE.name(), "--layers", &layers, "--figures", "0"], device)?;
    bench.ready(cancel)?;
    bench.time(WARM_UP, cancel)?;
    let mut best = |work: &str, until: Duration| -> Result<f32, SpeedError> {
        let mut best = bench.time(work, cancel)?.tokens_per_sec;
        while start.elapsed() < until {
            best = best.max(bench.time(work, cancel)?.tokens_per_sec);
        }
        Ok(best)
    };
    let (encoded, written) = (best(ENCODE, ENCODE_UNTIL)?, best(GENERATE, GENERATE_UNTIL)?);
    Ok(Throughput {
        flops: f64::from(encoded) * cost.token_flops,
        weights: f64::from(written) * cost.num_written_weights as f64,
    })
}

impl Throughput {
    /// A given throughput.
    #[cfg(test)]
    pub(crate) fn of(flops: f64, weights: f64) -> Self {
        Self { flops, weights }
    }

    /// The expected speed of a size; without an encoder, of its decoder alone with passages in the prompt.
    pub(crate) fn speed(self, cost: &Cost, has_encoder: bool) -> Speed {
        let tokens_per_sec = (self.flops / cost.token_flops) as f32;
        let written_per_sec = (self.weights / cost.num_written_weights as f64) as f32;
        Speed {
            pages_per_min: has_encoder.then_some(tokens_per_sec * 60.0 / PAGE_TOKENS),
            figure_secs: has_encoder.then_some((cost.figure_flops / self.flops) as f32),
            wait_secs: if has_encoder { 1.0 / written_per_sec } else { PASSAGE_TOKENS as f32 / tokens_per_sec },
            words_per_sec: written_per_sec * TOKEN_WORDS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_size_is_slower_in_proportion_to_its_cost_but_not_for_figures() {
        let throughput = Throughput::of(100e9, 10e9);
        let [small, .., large] = Shape::ALL.map(|shape| throughput.speed(&shape.cost(None).unwrap(), true));
        let pages = |speed: Speed| speed.pages_per_min.unwrap();
        assert!((pages(small) / 42.7 - 1.0).abs() < 0.01, "{}", pages(small));
        assert!((pages(small) / pages(large) - 32.0).abs() < 0.5, "{}", pages(small) / pages(large));
        assert_eq!(small.figure_secs, large.figure_secs);
        assert!((small.figure_secs.unwrap() - 55.0).abs() < 1.0);
        let alone = throughput.speed(&SHAPE.cost(None).unwrap(), false);
        assert_eq!((alone.pages_per_min, alone.figure_secs), (None, None));
        assert!((alone.wait_secs - 1.4).abs() < 0.1, "{}", alone.wait_secs);
    }
}
