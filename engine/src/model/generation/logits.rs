//! The scores of all tokens for the next position.

/// One score per token of the vocabulary; minus infinity excludes a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits(Vec<f32>);

impl Logits {
    /// Scores by token id.
    pub fn new(scores: Vec<f32>) -> Self {
        Self(scores)
    }

    /// Scores by token id.
    pub fn scores(&self) -> &[f32] {
        &self.0
    }

    /// Mutable scores by token id.
    pub fn scores_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// The token with the highest score, the lowest id among equals; `None` when every token was taken out.
    pub fn arg_max(&self) -> Option<u32> {
        let mut best: Option<(usize, f32)> = None;
        for (id, &score) in self.0.iter().enumerate() {
            if score > best.map_or(f32::NEG_INFINITY, |(_, best)| best) {
                best = Some((id, score));
            }
        }
        best.map(|(id, _)| id as u32)
    }

    /// Probabilities by token id, or `None` when every token was taken out.
    pub fn probabilities(&self) -> Option<Vec<f32>> {
        let highest = self.0.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if !highest.is_finite() {
            return None;
        }
        let mut weights: Vec<f32> = self.0.iter().map(|score| (score - highest).exp()).collect();
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        for weight in &mut weights {
            *weight = (f64::from(*weight) / sum) as f32;
        }
        Some(weights)
    }
}
