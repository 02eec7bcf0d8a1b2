//! LoRA adapters as saved by the `peft` library, merged into a model's weights while these are loaded.
//!
//! An adapter changes a linear layer's `W` `[out, in]` to `W + s · B A`, with `A` `[r, in]` and `B` `[out, r]` (arXiv
//! 2106.09685). The sum is computed in f32, before `W` is converted to its final type, so inference costs nothing extra. The
//! changed layers are those that the adapter's file names by their full path: a suffix such as `q_proj` alone would also match
//! the vision tower's layers.

mod config;
mod error;
mod modules;

use std::collections::{BTreeMap, BTreeSet};

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;
use safetensors::SafeTensors;

pub use error::LoraError;

use super::{TensorSource, WeightsError};
use config::AdapterConfig;
use modules::Half;

/// An adapter, validated by itself, not yet against a model.
#[derive(Debug)]
pub struct LoraAdapter {
    config: AdapterConfig,
    /// By the module's name as in the file.
    updates: BTreeMap<String, Update>,
}

/// One of the two factors of an update, as a file holds it.
struct Factor {
    name: String,
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

/// The update of one matrix.
#[derive(Debug)]
struct Update {
    /// Names of the two tensors as in the file, for errors.
    names: [String; 2],
    /// `A` and `B`, row by row.
    factors: [Vec<f32>; 2],
    shapes: [Vec<usize>; 2],
    scale: f32,
}

impl LoraAdapter {
    /// The adapter in the bytes of `adapter_config.json` and `adapter_model.safetensors`.
    ///
    /// # Errors
    /// Returns a [`LoraError`] that names the invalid field or tensor.
    pub fn parse(config: &[u8], weights: &[u8]) -> Result<Self, LoraError> {
        let text = std::str::from_utf8(config).map_err(|error| LoraError::Config { detail: error.to_string() })?;
        let config = AdapterConfig::parse(text)?;
        let updates = read_updates(weights, &config)?;
        Ok(Self { config, updates })
    }

    /// The weights of `base` with this adapter merged in.
    ///
    /// # Errors
    /// Returns a [`LoraError`] where the adapter was made for another model, or lacks tensors that its configuration requires.
    pub fn onto(self, base: Box<dyn TensorSource>) -> Result<Adapted, LoraError> {
        // A Gemma 3 may have layers of the same sizes as a T5Gemma 2's decoder.
        let has_encoder = base.names().iter().any(|name| name.starts_with("model.encoder."));
        let mut updates: BTreeMap<String, (String, Update)> = BTreeMap::new();
        for (module, update) in self.updates {
            let is_of_kind = modules::is_of_two_stacks(&module) == has_encoder;
            let name = modules::spellings(&module).find(|name| is_of_kind && base.shape(name).is_some());
            let Some(name) = name else { return Err(LoraError::OtherBase { module }) };
            if let Some((other, _)) = updates.get(&name) {
                return Err(LoraError::Damaged { detail: format!("{other} and {module} are the same matrix") });
            }
            updates.insert(name, (module, update));
        }
        // A missing module is more telling than one of another size.
        for (name, (module, update)) in &updates {
            update.check(&base.shape(name).unwrap_or_default(), self.config.rank(module), module)?;
        }
        require_all(&self.config, &updates, &base.names())?;
        Ok(Adapted { base, updates: updates.into_iter().map(|(name, (_, update))| (name, update)).collect() })
    }

    /// Whether it changes the vision tower.
    pub fn changes_vision(&self) -> bool {
        self.updates.keys().any(|module| module.contains("vision_tower."))
    }
}

/// Checks that every targeted module is present in each stack that the adapter changes: a stripped file would silently give
/// another model.
fn require_all(
    config: &AdapterConfig,
    updates: &BTreeMap<String, (String, Update)>,
    base: &[String],
) -> Result<(), LoraError> {
    let stacks: BTreeSet<&str> = updates.keys().map(|name| modules::stack(name)).collect();
    for name in base.iter().filter(|name| !updates.contains_key(*name) && stacks.contains(modules::stack(name))) {
        let Some(module) = modules::linear_module(name) else { continue };
        let layer = modules::layer(&module);
        // Spelled like the other modules of the same stack in the adapter's file.
        let spelled = updates.iter().find_map(|(known, (spelled, _))| modules::respell(known, spelled, &module));
        let Some(spelled) = spelled else { continue };
        if config.means(&spelled, layer) {
            return Err(LoraError::Missing(modules::tensor(&spelled, Half::A)));
        }
    }
    if updates.is_empty() {
        return Err(LoraError::Missing("lora_A of any module".into()));
    }
    Ok(())
}

/// The updates in a file of weights; every tensor in it must be half of one.
fn read_updates(bytes: &[u8], config: &AdapterConfig) -> Result<BTreeMap<String, Update>, LoraError> {
    let damaged = |detail: String| LoraError::Damaged { detail };
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
    let mut halves: BTreeMap<String, [Option<Factor>; 2]> = BTreeMap::new();
    for (name, view) in file.iter() {
        let (module, half) = modules::parse(name).ok_or_else(|| LoraError::ForeignTensor(name.to_owned()))?;
        let numbers = numbers(view.dtype(), view.data())
            .ok_or_else(|| damaged(format!("{name} has the type {:?}", view.dtype())))?;
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(LoraError::NotFinite(name.to_owned()));
        }
        let place = &mut halves.entry(module).or_default()[half as usize];
        let factor = Factor { name: name.to_owned(), shape: view.shape().to_vec(), numbers };
        if let Some(first) = place.replace(factor) {
            return Err(damaged(format!("{} and {name} are the same half of one update", first.name)));
        }
    }
    let mut updates = BTreeMap::new();
    for (module, [a, b]) in halves {
        let missing = |half| LoraError::Missing(modules::tensor(&module, half));
        let (a, b) = (a.ok_or_else(|| missing(Half::A))?, b.ok_or_else(|| missing(Half::B))?);
        let scale = config.scale(&module)?;
        let (names, shapes) = ([a.name, b.name], [a.shape, b.shape]);
        let update = Update { names, shapes, factors: [a.numbers, b.numbers], scale };
        updates.insert(module, update);
    }
    Ok(updates)
}

/// Numbers of a tensor in f32.
fn numbers(dtype: safetensors::Dtype, data: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        safetensors::Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        safetensors::Dtype::BF16 => {
            data.as_chunks().0.iter().map(|bytes| half::bf16::from_le_bytes(*bytes).to_f32()).collect()
        }
        safetensors::Dtype::F16 => {
            data.as_chunks().0.iter().map(|bytes| half::f16::from_le_bytes(*bytes).to_f32()).collect()
        }
        _ => return None,
    })
}

impl Update {
    fn check(&self, base: &[usize], rank: usize, module: &str) -> Result<(), LoraError> {
        let [out, inputs] = base else { return Err(LoraError::OtherBase { module: module.to_owned() }) };
        let expected = [vec![rank, *inputs], vec![*out, rank]];
        for ((name, found), expected) in self.names.iter().zip(&self.shapes).zip(expected) {
            if *found != expected {
                return Err(LoraError::Shape { name: name.clone(), found: found.clone(), expected });
            }
        }
        Ok(())
    }

    /// Adds `s · B A` to `W`, given row by row.
    fn add_to(&self, weights: &mut [f32]) {
        let (a, b) = (&self.factors[0], &self.factors[1]);
        let (rank, inputs) = (self.shapes[0][0], self.shapes[0][1]);
        weights.par_chunks_exact_mut(inputs).zip(b.par_chunks_exact(rank)).for_each(|(row, factors)| {
            for (factor, direction) in factors.iter().zip(a.chunks_exact(inputs)) {
                let factor = factor * self.scale;
                row.iter_mut().zip(direction).for_each(|(weight, along)| *weight += factor * along);
            }
        });
    }
}

/// Weights with an adapter merged in.
pub struct Adapted {
    base: Box<dyn TensorSource>,
    /// By the published name of the tensor that is changed.
    updates: BTreeMap<String, Update>,
}

impl TensorSource for Adapted {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.base.shape(name)
    }

    fn names(&self) -> Vec<String> {
        self.base.names()
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError> {
        let (Some(shape), true) = (self.shape(name), self.updates.contains_key(name)) else {
            return self.base.load(name, dtype, device);
        };
        let tensor = Tensor::from_vec(self.numbers(name)?, shape, &Device::Cpu);
        let moved = tensor.and_then(|tensor| tensor.to_dtype(dtype)?.to_device(device));
        moved.map_err(|source| WeightsError::Load { name: name.into(), source })
    }

    fn numbers(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let mut numbers = self.base.numbers(name)?;
        if let Some(update) = self.updates.get(name) {
            update.add_to(&mut numbers);
        }
        Ok(numbers)
    }
}
