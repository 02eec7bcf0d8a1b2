//! Sampling a token by its scores.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Logits;

/// Chooses a token; `None` when every token was taken out.
pub trait Sampler {
    /// The chosen token.
    fn choose(&mut self, logits: &Logits) -> Option<u32>;
}

impl<S: Sampler + ?Sized> Sampler for Box<S> {
    fn choose(&mut self, logits: &Logits) -> Option<u32> {
        (**self).choose(logits)
    }
}

/// Always the likeliest.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArgMax;

impl Sampler for ArgMax {
    fn choose(&mut self, logits: &Logits) -> Option<u32> {
        logits.arg_max()
    }
}

/// Samples in proportion to the probabilities; the same seed gives the same tokens.
#[derive(Clone, Debug)]
pub struct Multinomial(StdRng);

impl Multinomial {
    /// A sampler that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }
}

impl Sampler for Multinomial {
    fn choose(&mut self, logits: &Logits) -> Option<u32> {
        let probabilities = logits.probabilities()?;
        let mut left: f64 = self.0.random::<f64>();
        let mut last_possible = None;
        for (id, &probability) in probabilities.iter().enumerate() {
            if probability > 0.0 {
                last_possible = Some(id as u32);
                left -= f64::from(probability);
                if left <= 0.0 {
                    break;
                }
            }
        }
        last_possible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_follows_the_probabilities_and_the_seed() {
        let logits = Logits::new(vec![f32::NEG_INFINITY, 0.0, (3f32).ln(), f32::NEG_INFINITY]);
        let draw = |seed| {
            let mut sampler = Multinomial::new(seed);
            (0..4000).map(|_| sampler.choose(&logits).unwrap()).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        let share = drawn.iter().filter(|&&id| id == 2).count() as f64 / 4000.0;
        // Three quarters; the standard deviation of the share is 0.007.
        assert!((share - 0.75).abs() < 0.03, "{share}");
        assert!(drawn.iter().all(|id| [1, 2].contains(id)));
    }

    #[test]
    fn nothing_is_chosen_where_nothing_is_left() {
        let logits = Logits::new(vec![f32::NEG_INFINITY; 3]);
        assert_eq!(ArgMax.choose(&logits), None);
        assert_eq!(Multinomial::new(1).choose(&logits), None);
    }
}
