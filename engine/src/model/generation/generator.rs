//! The generation loop: an iterator over tokens.

use super::{LogitFilter, Logits, Sampler};

/// Turns tokens into logits for the next one; keeps the previous tokens as state.
pub trait StepModel {
    /// Why a step failed.
    type Error;

    /// Appends `ids` to the sequence and returns the logits of the next token.
    ///
    /// # Errors
    /// Returns any error of the model.
    fn step(&mut self, ids: &[u32]) -> Result<Logits, Self::Error>;
}

/// An endless iterator of tokens after a prompt; iterator adapters end it.
pub struct Generator<'a, M: StepModel> {
    model: M,
    pending: Vec<u32>,
    history: Vec<u32>,
    filters: Vec<Box<dyn LogitFilter + 'a>>,
    sampler: Box<dyn Sampler + 'a>,
    finished: bool,
}

impl<'a, M: StepModel> Generator<'a, M> {
    /// Generates after `prompt` with `model`, which has not seen any of it yet.
    pub fn new(model: M, prompt: &[u32], sampler: impl Sampler + 'a) -> Self {
        Self {
            model,
            pending: prompt.to_vec(),
            history: prompt.to_vec(),
            filters: Vec::new(),
            sampler: Box::new(sampler),
            finished: false,
        }
    }

    /// Adds a filter after the present ones.
    #[must_use]
    pub fn filtered(mut self, filter: impl LogitFilter + 'a) -> Self {
        self.filters.push(Box::new(filter));
        self
    }
}

impl<M: StepModel> Iterator for Generator<'_, M> {
    type Item = Result<u32, M::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let mut logits = match self.model.step(&self.pending) {
            Ok(logits) => logits,
            Err(error) => {
                self.finished = true;
                return Some(Err(error));
            }
        };
        for filter in &self.filters {
            filter.apply(&mut logits, &self.history);
        }
        let Some(id) = self.sampler.choose(&logits) else {
            self.finished = true;
            return None;
        };
        self.pending = vec![id];
        self.history.push(id);
        Some(Ok(id))
    }
}

/// Adapters over iterators of tokens.
pub trait GeneratorExt<E>: Iterator<Item = Result<u32, E>> + Sized {
    /// Ends before the first of `stops`.
    fn stop_at(self, stops: Vec<u32>) -> StopAt<Self> {
        StopAt { tokens: self, stops, stopped: false }
    }
}

impl<E, I: Iterator<Item = Result<u32, E>>> GeneratorExt<E> for I {}

/// Tokens up to a stop token; made by [`GeneratorExt::stop_at`].
pub struct StopAt<I> {
    tokens: I,
    stops: Vec<u32>,
    stopped: bool,
}

impl<E, I: Iterator<Item = Result<u32, E>>> Iterator for StopAt<I> {
    type Item = Result<u32, E>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped {
            return None;
        }
        let token = self.tokens.next()?;
        self.stopped = matches!(&token, Ok(id) if self.stops.contains(id));
        if self.stopped { None } else { Some(token) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArgMax, Suppress};
    use super::*;

    /// Follows each token by its successor, and remembers what it was asked.
    struct Counting<'a> {
        asked: &'a mut Vec<Vec<u32>>,
        fail_at: usize,
    }

    impl StepModel for Counting<'_> {
        type Error = &'static str;

        fn step(&mut self, ids: &[u32]) -> Result<Logits, Self::Error> {
            if self.asked.len() == self.fail_at {
                return Err("broken");
            }
            self.asked.push(ids.to_vec());
            let mut scores = vec![0.0; 10];
            scores[(ids[ids.len() - 1] as usize + 1) % 10] = 1.0;
            Ok(Logits::new(scores))
        }
    }

    #[test]
    fn the_prompt_goes_in_once_and_then_single_tokens() {
        let mut asked = Vec::new();
        let model = Counting { asked: &mut asked, fail_at: 99 };
        let written: Vec<u32> =
            Generator::new(model, &[2, 5], ArgMax).stop_at(vec![9]).take(10).collect::<Result<_, _>>().unwrap();
        assert_eq!(written, [6, 7, 8]);
        assert_eq!(asked, [vec![2, 5], vec![6], vec![7], vec![8]]);
    }

    #[test]
    fn filters_steer_and_errors_end() {
        let mut asked = Vec::new();
        let model = Counting { asked: &mut asked, fail_at: 1 };
        let mut tokens = Generator::new(model, &[4], ArgMax).filtered(Suppress(vec![5]));
        assert_eq!(tokens.next(), Some(Ok(0)));
        assert_eq!(tokens.next(), Some(Err("broken")));
        assert_eq!(tokens.next(), None);
    }
}
