//! The forward job: a single pass over given token ids and pixels, for comparing implementations.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::encoding::memory::{choose_memory, requested_kind};
use super::event_sink::Job;
use super::load::{load_gguf, load_published, open_adapter};
use super::session::Session;
use super::{Error, device};
use crate::kernels::attention::AttentionSink;
use crate::model::memory::Memory;
use crate::model::vision::Pixels;
use crate::model::{AttentionObserver, Model};
use crate::protocol::{Event, ForwardJob, MemoryChoice, Outcome, Stage, WeightType};
use crate::store::models::ModelFiles;
use crate::store::output;

/// Runs the job. The model needs `config.json` and weights, or a GGUF file, but no tokenizer. A decoder-only model takes no
/// encoder ids.
pub(super) fn run(session: &mut Session, job: &Job<'_>, forward_job: ForwardJob) -> Result<Outcome, Error> {
    let folder = session.find_model(&forward_job.compute)?;
    let device = device::open(forward_job.compute.device)?;
    // By default f32 on the CPU, for exact results, and the device's default type on a card.
    let dtype = forward_job.compute.dtype.or(device.is_cpu().then_some(WeightType::F32));
    let adapter = open_adapter(&folder)?.map(|(adapter, _)| adapter);
    let (model, dtype) = match &folder.files {
        ModelFiles::Published { folder, .. } => load_published(folder, adapter, device, dtype)?,
        ModelFiles::Gguf(path) => {
            let (model, _, dtype) = load_gguf(path, adapter, device, dtype)?;
            (model, dtype)
        }
    };
    let input = Input::read(&forward_job.input, model.num_encoder_layers() > 0)?;
    let mut results: Vec<(&str, Tensor)> = Vec::new();
    let memory = encode(job, (&model, dtype), &input, forward_job.compute.memory, &mut results)?;

    let mut observer = CrossAttention::default();
    let mut decoding = model.start(&memory);
    let decoded = decoding.append(&input.decoder_ids, Some(&mut observer))?;
    results.push(("logits", decoding.logits(&decoded)?));
    if !memory.is_empty() {
        results.push(("cross_attention", observer.stacked()?));
    }
    if let Some(count) = forward_job.greedy_tokens {
        let written = greedy(job, &model, &memory, input.decoder_ids[0], count)?;
        results.push(("greedy_ids", Tensor::new(written, &Device::Cpu)?));
    }
    write(&forward_job.output, results).map(|tensors| Outcome::Forward { output: forward_job.output, tensors })
}

/// Encodes images and text, and adds their tensors to the results; returns an empty memory for a decoder-only model.
fn encode(
    job: &Job<'_>,
    (model, dtype): (&Model, WeightType),
    input: &Input,
    choice: MemoryChoice,
    results: &mut Vec<(&str, Tensor)>,
) -> Result<Memory, Error> {
    let Some(encoder_ids) = &input.encoder_ids else { return Ok(Memory::empty()) };
    let mut each_layer = |_: usize| Ok(job.cancel.check()?);
    let mut images = Vec::new();
    for pixels in &input.pixels {
        images.push(model.image_features(pixels, &mut each_layer)?);
    }
    if !images.is_empty() {
        results.push(("image_features", Tensor::stack(&images, 0)?));
    }
    let states = model.encode(encoder_ids, &images, &mut each_layer)?;
    let kind = requested_kind(choose_memory(choice, model.config(), dtype, encoder_ids.len()));
    let memory = model.remember(&states, None, kind, &mut each_layer)?;
    results.push(("encoder_last_hidden_state", states));
    Ok(memory)
}

/// Greedy decoding of exactly `count` tokens.
fn greedy(job: &Job<'_>, model: &Model, memory: &Memory, first: u32, count: usize) -> Result<Vec<i64>, Error> {
    let mut decoding = model.start(memory);
    let mut last = first;
    let mut written = Vec::with_capacity(count.min(1 << 20));
    for done in 0..count {
        job.cancel.check()?;
        job.send(Event::Progress {
            request: job.request,
            stage: Stage::Answer,
            done: done as u64,
            total: count as u64,
        });
        let states = decoding.append(&[last], None)?;
        let logits = crate::model::generation::Logits::new(decoding.last_logits(&states)?);
        last = logits.arg_max().unwrap_or_default();
        written.push(i64::from(last));
    }
    Ok(written)
}

/// The input of a forward pass.
struct Input {
    /// `None` for a decoder-only model.
    encoder_ids: Option<Vec<u32>>,
    decoder_ids: Vec<u32>,
    pixels: Vec<Pixels>,
}

impl Input {
    fn read(path: &Path, has_encoder: bool) -> Result<Self, Error> {
        let fault = |detail: String| Error::ForwardInput { path: path.to_owned(), detail };
        let tensors = candle_core::safetensors::load(path, &Device::Cpu).map_err(|error| fault(error.to_string()))?;
        let ids = |name: &str| -> Result<Vec<u32>, Error> {
            let tensor = tensors.get(name).ok_or_else(|| fault(format!("{name} is missing")))?;
            let values = tensor.to_dtype(DType::I64).and_then(|tensor| tensor.to_vec1::<i64>());
            let values = values.map_err(|error| fault(format!("{name}: {error}")))?;
            if values.is_empty() {
                return Err(fault(format!("{name} is empty")));
            }
            let in_range =
                |id: i64| u32::try_from(id).map_err(|_| fault(format!("{name} contains the invalid id {id}")));
            values.into_iter().map(in_range).collect()
        };
        let encoder_ids = if has_encoder { Some(ids("encoder_ids")?) } else { None };
        Ok(Self { encoder_ids, decoder_ids: ids("decoder_ids")?, pixels: pixels(&tensors, fault)? })
    }
}

fn pixels(tensors: &HashMap<String, Tensor>, fault: impl Fn(String) -> Error) -> Result<Vec<Pixels>, Error> {
    let Some(tensor) = tensors.get("pixel_values") else { return Ok(Vec::new()) };
    let wrong = || fault(format!("pixel_values has shape {:?}, expected [N, 3, side, side]", tensor.dims()));
    let (count, channels, height, width) = tensor.dims4().map_err(|_| wrong())?;
    if channels != 3 || height != width {
        return Err(wrong());
    }
    (0..count)
        .map(|i| {
            let values = tensor.get(i)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
            Ok(Pixels { values, side: height })
        })
        .collect()
}

/// The encoder part of each layer's softmax, averaged over heads.
#[derive(Default)]
struct CrossAttention {
    layers: Vec<Vec<Tensor>>,
    current: Vec<Tensor>,
}

impl CrossAttention {
    fn stacked(mut self) -> Result<Tensor, Error> {
        self.layers.push(std::mem::take(&mut self.current));
        let layers: Vec<Tensor> = self
            .layers
            .iter()
            .filter(|blocks| !blocks.is_empty())
            .map(|blocks| Tensor::cat(blocks, 0))
            .collect::<candle_core::Result<_>>()?;
        Ok(Tensor::stack(&layers, 0)?)
    }
}

impl AttentionObserver for CrossAttention {
    fn layer(&mut self, _layer: usize) -> Option<&mut dyn AttentionSink> {
        self.layers.push(std::mem::take(&mut self.current));
        Some(self)
    }
}

impl AttentionSink for CrossAttention {
    fn own(&mut self, _probabilities: &Tensor, _first_position: usize) -> candle_core::Result<()> {
        Ok(())
    }

    fn cross(&mut self, probabilities: &Tensor) -> candle_core::Result<()> {
        self.current.push(probabilities.clone());
        Ok(())
    }
}

/// Writes the results, converted to f32 except for ids, and returns their names and shapes.
fn write(path: &Path, results: Vec<(&str, Tensor)>) -> Result<Vec<(String, Vec<usize>)>, Error> {
    let mut tensors = Vec::new();
    for (name, tensor) in results {
        let dtype = if tensor.dtype() == DType::I64 { DType::I64 } else { DType::F32 };
        let tensor = tensor.to_dtype(dtype)?.to_device(&Device::Cpu)?.contiguous()?;
        tensors.push((name.to_owned(), tensor));
    }
    let shapes = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
    let bytes = safetensors::serialize(tensors.iter().map(|(name, tensor)| (name, tensor)), None)
        .map_err(|error| candle_core::Error::Msg(error.to_string()))?;
    output::write_file(path, &bytes)?;
    Ok(shapes)
}
