//! Models made of the reference checkpoints, with their configuration or tensors changed where a test needs it.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use engine::kernels::attention::AttentionSink;
use engine::kernels::cpu::Precision;
use engine::model::config::ModelConfig;
use engine::model::memory::{Memory, MemoryKind};
use engine::model::{AttentionObserver, Backend, Model};
use engine::weights::{TensorSource, Weights, WeightsError};
use recto_tests::fixture;
use serde_json::Value;

pub(crate) type Tensors = BTreeMap<String, Tensor>;

/// Tensors that lie in memory.
struct InMemory(Tensors);

impl TensorSource for InMemory {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.0.get(name).map(|tensor| tensor.dims().to_vec())
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, WeightsError> {
        let tensor = self.0.get(name).ok_or_else(|| WeightsError::Missing(name.into()))?;
        let loaded = tensor.to_dtype(dtype).and_then(|tensor| tensor.to_device(device));
        loaded.map_err(|source| WeightsError::Load { name: name.into(), source })
    }
}

/// Tensors of a checkpoint in one file, under the names they are stored by.
pub(crate) fn tensors(name: &str) -> Tensors {
    candle_core::safetensors::load(fixture("model").join(name).join("model.safetensors"), &Device::Cpu)
        .unwrap()
        .into_iter()
        .collect()
}

/// A checkpoint after `change` had its way with configuration and tensors.
pub(crate) fn changed(name: &str, precision: Precision, change: impl FnOnce(&mut Value, &mut Tensors)) -> Model {
    let text = std::fs::read_to_string(fixture("model").join(name).join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    let mut tensors = tensors(name);
    change(&mut config, &mut tensors);
    let config = ModelConfig::from_json(&config.to_string()).unwrap();
    Model::load(Weights::from_source(Box::new(InMemory(tensors)), Device::Cpu, precision), config).unwrap()
}

/// A checkpoint as it is, in f32, computed by `backend`.
pub(crate) fn load_for(name: &str, backend: Backend) -> Model {
    let text = std::fs::read_to_string(fixture("model").join(name).join("config.json")).unwrap();
    let weights = Weights::from_source(Box::new(InMemory(tensors(name))), Device::Cpu, Precision::F32);
    Model::load_for(weights, ModelConfig::from_json(&text).unwrap(), backend).unwrap()
}

/// A checkpoint as it is, in f32.
pub(crate) fn load(name: &str) -> Model {
    changed(name, Precision::F32, |_, _| ())
}

/// Text ids that follow no pattern a model could fall into.
pub(crate) fn text_ids(count: usize) -> Vec<u32> {
    (0..count).map(|i| 3 + ((i * 7919 + i * i * 31) % 290) as u32).collect()
}

pub(crate) fn encode(model: &Model, ids: &[u32]) -> Tensor {
    model.encode(ids, &[], &mut |_| Ok(())).unwrap()
}

pub(crate) fn remember(model: &Model, states: &Tensor, kind: MemoryKind) -> Memory {
    model.remember(states, None, kind, &mut |_| Ok(())).unwrap()
}

/// Logits after every one of `ids`, given `step` at a time.
pub(crate) fn logits(model: &Model, memory: &Memory, ids: &[u32], step: usize) -> Tensor {
    let mut decoding = model.start(memory);
    let parts: Vec<Tensor> = ids
        .chunks(step)
        .map(|ids| {
            let states = decoding.append(ids, None).unwrap();
            decoding.logits(&states).unwrap()
        })
        .collect();
    Tensor::cat(&parts, 0).unwrap()
}

pub(crate) fn difference(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
}

/// What an attention observer was shown of a layer by its latest call.
#[derive(Default)]
pub(crate) struct SeenLayer {
    /// Probabilities over the decoder's own tokens, row by row, with the position of the first.
    pub(crate) own: Vec<(usize, Vec<f32>)>,
    /// Probabilities over the encoder's tokens, row by row.
    pub(crate) cross: Vec<Vec<f32>>,
}

/// Keeps all that it is shown.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) layers: Vec<SeenLayer>,
}

impl AttentionObserver for Seen {
    fn layer(&mut self, _layer: usize) -> Option<&mut dyn AttentionSink> {
        self.layers.push(SeenLayer::default());
        self.layers.last_mut().map(|layer| layer as &mut dyn AttentionSink)
    }
}

impl AttentionSink for SeenLayer {
    fn own(&mut self, probabilities: &Tensor, first_position: usize) -> candle_core::Result<()> {
        self.own.extend(probabilities.to_vec2()?.into_iter().map(|row| (first_position, row)));
        Ok(())
    }

    fn cross(&mut self, probabilities: &Tensor) -> candle_core::Result<()> {
        self.cross.extend(probabilities.to_vec2::<f32>()?);
        Ok(())
    }
}

impl SeenLayer {
    /// Positions of the decoder's own tokens that the last query saw.
    pub(crate) fn last_own_positions(&self) -> Vec<usize> {
        let (first, row) = self.own.last().unwrap();
        row.iter().enumerate().filter(|(_, share)| **share > 0.0).map(|(i, _)| first + i).collect()
    }
}
