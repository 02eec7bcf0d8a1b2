//! How fast models that are not here would be: the smallest published size with weights of chance and a few layers, timed for
//! some seconds in a process of its own, and scaled by what each size costs.

use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::prompt::PASSAGE_TOKENS;
use engine::protocol::DeviceChoice;
use engine::worker::bench::{Cost, Shape};

use super::speed::{Bench, PAGE_TOKENS, SpeedError, TOKEN_WORDS};
use crate::window::Speed;

/// What is timed.
const SHAPE: Shape = Shape::Smallest;

/// Layers of it: making them takes a second or two.
const LAYERS: usize = 6;

/// Until when after the start text is encoded again and again, and until when tokens are written; one time each is the least.
const ENCODE_UNTIL: Duration = Duration::from_secs(6);
const WRITE_UNTIL: Duration = Duration::from_secs(9);

/// Work for each, behind a piece that only warms up.
const WARM_UP: &str = "encode 64";
const ENCODE: &str = "encode 512";
const WRITE: &str = "decode 1024 4";

/// What this machine does in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rates {
    /// Multiplications and additions of a reading.
    flops: f64,
    /// Weights that pass by while writing.
    weights: f64,
}

/// Measures them, within ten seconds where the machine is not very slow.
///
/// # Errors
/// Returns [`SpeedError`]; when it is cancelled within a fraction of a second.
pub(crate) fn rates(device: DeviceChoice, cancel: &CancelToken) -> Result<Rates, SpeedError> {
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
    let (encoded, written) = (best(ENCODE, ENCODE_UNTIL)?, best(WRITE, WRITE_UNTIL)?);
    Ok(Rates {
        flops: f64::from(encoded) * cost.token_flops,
        weights: f64::from(written) * cost.num_written_weights as f64,
    })
}

impl Rates {
    /// Rates that were measured elsewhere.
    #[cfg(test)]
    pub(super) fn of(flops: f64, weights: f64) -> Self {
        Self { flops, weights }
    }

    /// How fast a size would be; without an encoder its decoder alone, which is shown passages.
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
    fn a_larger_size_is_slower_by_its_arithmetic_and_looks_at_figures_as_fast() {
        let rates = Rates::of(100e9, 10e9);
        let [small, .., large] = Shape::ALL.map(|shape| rates.speed(&shape.cost(None).unwrap(), true));
        let pages = |speed: Speed| speed.pages_per_min.unwrap();
        assert!((pages(small) / 42.7 - 1.0).abs() < 0.01, "{}", pages(small));
        assert!((pages(small) / pages(large) - 32.0).abs() < 0.5, "{}", pages(small) / pages(large));
        assert_eq!(small.figure_secs, large.figure_secs);
        assert!((small.figure_secs.unwrap() - 55.0).abs() < 1.0);
        let alone = rates.speed(&SHAPE.cost(None).unwrap(), false);
        assert_eq!((alone.pages_per_min, alone.figure_secs), (None, None));
        assert!((alone.wait_secs - 1.4).abs() < 0.1, "{}", alone.wait_secs);
    }
}
