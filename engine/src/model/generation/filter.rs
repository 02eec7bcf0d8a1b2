//! Logit filters, applied before a token is sampled, in the order they were added.

use super::Logits;

/// Changes the logits, given the tokens so far.
pub trait LogitFilter {
    /// Changes `logits`; `history` holds the prompt and the tokens generated after it.
    fn apply(&self, logits: &mut Logits, history: &[u32]);
}

/// Excludes tokens.
#[derive(Clone, Debug)]
pub struct Suppress(pub Vec<u32>);

impl LogitFilter for Suppress {
    fn apply(&self, logits: &mut Logits, _history: &[u32]) {
        for &id in &self.0 {
            if let Some(score) = logits.scores_mut().get_mut(id as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
    }
}

/// Makes recent tokens less likely: positive scores are divided, negative ones multiplied (Keskar et
/// al. 2019, CTRL, §4.1). Looks at the last `window` tokens.
#[derive(Clone, Copy, Debug)]
pub struct RepetitionPenalty {
    /// 1 changes nothing.
    pub factor: f32,
    /// Tokens to look back.
    pub window: usize,
}

impl LogitFilter for RepetitionPenalty {
    fn apply(&self, logits: &mut Logits, history: &[u32]) {
        let mut recent: Vec<u32> = history.iter().rev().take(self.window).copied().collect();
        recent.sort_unstable();
        recent.dedup();
        for id in recent {
            if let Some(score) = logits.scores_mut().get_mut(id as usize) {
                *score = if *score > 0.0 { *score / self.factor } else { *score * self.factor };
            }
        }
    }
}

/// Divides the scores: below 1 likely tokens become likelier.
#[derive(Clone, Copy, Debug)]
pub struct Temperature(pub f32);

impl LogitFilter for Temperature {
    fn apply(&self, logits: &mut Logits, _history: &[u32]) {
        for score in logits.scores_mut() {
            *score /= self.0;
        }
    }
}

/// Keeps the `k` likeliest tokens, including ties.
#[derive(Clone, Copy, Debug)]
pub struct TopK(pub usize);

impl LogitFilter for TopK {
    fn apply(&self, logits: &mut Logits, _history: &[u32]) {
        let scores = logits.scores_mut();
        if self.0 == 0 || self.0 >= scores.len() {
            return;
        }
        let mut sorted = scores.to_vec();
        let (_, &mut least, _) = sorted.select_nth_unstable_by(self.0 - 1, |a, b| b.total_cmp(a));
        for score in scores.iter_mut().filter(|score| **score < least) {
            *score = f32::NEG_INFINITY;
        }
    }
}

/// Keeps the likeliest tokens that together reach probability `p` (nucleus sampling, Holtzman et al. 2020).
#[derive(Clone, Copy, Debug)]
pub struct TopP(pub f32);

impl LogitFilter for TopP {
    fn apply(&self, logits: &mut Logits, _history: &[u32]) {
        if self.0 >= 1.0 {
            return;
        }
        let Some(probabilities) = logits.probabilities() else { return };
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
        let mut reached = 0.0;
        for (rank, &id) in order.iter().enumerate() {
            // The first token always stays, so that one can be chosen.
            if rank > 0 && reached >= self.0 {
                logits.scores_mut()[id] = f32::NEG_INFINITY;
            }
            reached += probabilities[id];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(filter: &dyn LogitFilter, scores: &[f32], history: &[u32]) -> Vec<usize> {
        let mut logits = Logits::new(scores.to_vec());
        filter.apply(&mut logits, history);
        (0..scores.len()).filter(|&i| logits.scores()[i].is_finite()).collect()
    }

    #[test]
    fn filters_keep_what_they_should() {
        let scores = [1.0, 4.0, 2.0, 3.0];
        let cases: [(&dyn LogitFilter, &[usize]); 7] = [
            (&Suppress(vec![1, 99]), &[0, 2, 3]),
            (&TopK(2), &[1, 3]),
            (&TopK(0), &[0, 1, 2, 3]),
            (&TopK(9), &[0, 1, 2, 3]),
            (&TopP(0.0), &[1]),
            (&TopP(0.7), &[1, 3]),
            (&TopP(1.0), &[0, 1, 2, 3]),
        ];
        for (i, (filter, expected)) in cases.into_iter().enumerate() {
            assert_eq!(kept(filter, &scores, &[]), expected, "case {i}");
        }
    }

    #[test]
    fn repeated_tokens_get_less_likely_whatever_their_sign() {
        let mut logits = Logits::new(vec![2.0, -2.0, 1.0]);
        RepetitionPenalty { factor: 2.0, window: 3 }.apply(&mut logits, &[2, 0, 1, 0]);
        assert_eq!(logits.scores(), [1.0, -4.0, 1.0]);
    }

    #[test]
    fn temperature_divides() {
        let mut logits = Logits::new(vec![2.0, -4.0]);
        Temperature(2.0).apply(&mut logits, &[]);
        assert_eq!(logits.scores(), [1.0, -2.0]);
    }
}
