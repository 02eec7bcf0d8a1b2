//! Rotations of consecutive positions.

use rayon::prelude::*;

use crate::kernels::cpu::{Isa, rows};
use crate::kernels::threads;
use crate::model::config::{LayerKind, RopeConfig, StackConfig};

/// Cosines and sines of some consecutive positions, `[n, d/2]` each.
#[derive(Debug)]
pub(super) struct Rotations {
    half: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rotations {
    fn new(config: RopeConfig, head_dim: usize, first: usize, count: usize) -> Self {
        let half = head_dim / 2;
        let frequencies: Vec<f32> = (0..half).map(|i| config.inverse_frequency(i, head_dim)).collect();
        let mut cos = vec![0.0; count * half];
        let mut sin = vec![0.0; count * half];
        let rows = cos.par_chunks_exact_mut(half).zip(sin.par_chunks_exact_mut(half));
        let turn = |(row, (cos, sin)): (usize, (&mut [f32], &mut [f32]))| {
            for ((cos, sin), frequency) in cos.iter_mut().zip(sin).zip(&frequencies) {
                (*sin, *cos) = ((first + row) as f32 * frequency).sin_cos();
            }
        };
        threads::shared(|| rows.enumerate().for_each(turn));
        Self { half, cos, sin }
    }

    /// Rotates a head `[d]` to the position of row `row`.
    pub(super) fn apply(&self, isa: Isa, row: usize, head: &mut [f32]) {
        let at = row * self.half..(row + 1) * self.half;
        rows::rotate(isa, head, &self.cos[at.clone()], &self.sin[at]);
    }
}

/// The rotations of both kinds of layers.
#[derive(Debug)]
pub(super) struct RotationPair {
    local: Rotations,
    global: Rotations,
}

impl RotationPair {
    /// For `count` positions from `first` on.
    pub(super) fn new(config: &StackConfig, first: usize, count: usize) -> Self {
        let rotations = |kind| Rotations::new(config.rope(kind), config.head_dim, first, count);
        Self { local: rotations(LayerKind::Local), global: rotations(LayerKind::Global) }
    }

    /// The rotations of a kind of layer.
    pub(super) fn of(&self, kind: LayerKind) -> &Rotations {
        match kind {
            LayerKind::Local => &self.local,
            LayerKind::Global => &self.global,
        }
    }
}
