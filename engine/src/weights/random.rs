//! Reproducible random weights, for measuring a model's speed without a checkpoint.
//!
//! The caller defines the tensors and their distributions.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use half::bf16;
use rayon::prelude::*;

use super::{TensorSource, WeightsError};

/// Shape and distribution of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomTensor {
    /// Shape as PyTorch prints it.
    pub shape: Vec<usize>,
    /// Mean of its numbers.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
}

impl RandomTensor {
    /// A matrix or kernel whose products keep the scale of their input: standard deviation `1 / sqrt(inputs)`, with one input per
    /// number of a row.
    pub fn product(shape: &[usize]) -> Self {
        let inputs: usize = shape.iter().skip(1).product();
        Self { shape: shape.to_vec(), mean: 0.0, deviation: 1.0 / (inputs.max(1) as f32).sqrt() }
    }

    /// A vector close to `mean`: norms, biases.
    pub fn vector(length: usize, mean: f32) -> Self {
        Self { shape: vec![length], mean, deviation: 0.02 }
    }
}

/// Tensors by name, generated on request; their numbers depend only on the seed and the name.
#[derive(Clone, Debug)]
pub struct RandomSource {
    tensors: BTreeMap<String, RandomTensor>,
    seed: u64,
}

impl RandomSource {
    /// A source of these tensors, by their published names.
    pub fn new(tensors: BTreeMap<String, RandomTensor>, seed: u64) -> Self {
        Self { tensors, seed }
    }

    /// Number of parameters in all tensors.
    pub fn num_parameters(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.shape.iter().product::<usize>() as u64).sum()
    }
}

impl TensorSource for RandomSource {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.clone())
    }

    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError> {
        let RandomTensor { shape, mean, deviation } =
            self.tensors.get(name).ok_or_else(|| WeightsError::Missing(name.into()))?;
        let count = shape.iter().product();
        let seed = seed_of(self.seed, name);
        // A table of the largest shape has 671 million numbers, so it is never held in f32 where 16 bits are requested.
        let made = if dtype == DType::BF16 {
            let numbers: Vec<bf16> =
                (0..count).into_par_iter().map(|i| bf16::from_f32(mean + deviation * normal(seed, i))).collect();
            Tensor::from_vec(numbers, shape.as_slice(), device)
        } else {
            let numbers: Vec<f32> = (0..count).into_par_iter().map(|i| mean + deviation * normal(seed, i)).collect();
            Tensor::from_vec(numbers, shape.as_slice(), device).and_then(|tensor| tensor.to_dtype(dtype))
        };
        made.map_err(|source| WeightsError::Load { name: name.into(), source })
    }
}

/// `count` numbers of mean 0 and standard deviation 1, reproducible by seed.
pub fn normals(seed: u64, count: usize) -> Vec<f32> {
    (0..count).into_par_iter().map(|i| normal(seed, i)).collect()
}

/// FNV-1a over the name, started from the seed.
fn seed_of(seed: u64, name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Number `i` of a series: the sum of four uniform 16-bit numbers, which is nearly normal and fast.
fn normal(seed: u64, i: usize) -> f32 {
    let bits = scrambled(seed.wrapping_add((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    // Each uniform number below 65,536 has a mean of 32,767.5 and a variance of 65,536² / 12.
    (sum as f32 - 131_070.0) / (65_536.0 / 3f32.sqrt())
}

/// The finisher of SplitMix64 (Steele, Lea, Flood 2014).
fn scrambled(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
