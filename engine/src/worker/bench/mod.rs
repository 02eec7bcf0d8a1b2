//! Measures how fast the parts of a model run on this machine, one at a time, on the calling thread.
//!
//! Inputs (token ids, pixels, encoder states) are random with a fixed seed; the speed does not depend on their values. The
//! caller decides what to measure and how to show the results.

mod cost;
mod machine;
mod measure;
mod shape;
mod work;

use std::time::Instant;

use candle_core::{Device, Tensor};
use serde::Serialize;

pub use cost::Cost;
pub use machine::{Machine, memory_bytes, peak_resident_bytes};
pub use measure::{Measurement, Spread, Summary};
pub use shape::Shape;
pub use work::{MOST_TOKENS, NotWork, Work};

use super::encoding::memory::{choose_memory, requested_kind};
use super::load::{find_model, load_gguf, load_published, load_random};
use super::{Error, device};
use crate::diagnostic::Hint;
use crate::model::Model;
use crate::model::generation::Logits;
use crate::model::memory::{Memory, MemoryKind};
use crate::model::vision::Pixels;
use crate::protocol::{ComputeOptions, MemoryChoice, WeightType};
use crate::store::Directories;
use crate::store::models::ModelFiles;
use crate::weights::random::normals;

/// Seeds of the random inputs.
const IDS_SEED: u64 = 11;
const STATES_SEED: u64 = 12;
const PIXELS_SEED: u64 = 13;

/// The part that text-only models lack.
const VISION_TOWER: &str = "vision tower";

/// Why a benchmark cannot run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The model cannot be loaded or run.
    #[error(transparent)]
    Engine(Box<Error>),
    /// The thread pool cannot be configured.
    #[error("cannot set the number of threads: {0}")]
    Threads(String),
    /// The model lacks the part to be measured.
    #[error("cannot measure `{work}`: this model has no {part}")]
    Lacks {
        /// The benchmark.
        work: Work,
        /// The missing part.
        part: &'static str,
    },
}

impl<E: Into<Error>> From<E> for BenchError {
    fn from(error: E) -> Self {
        Self::Engine(Box::new(error.into()))
    }
}

impl Hint for BenchError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Engine(error) => error.hint(),
            Self::Threads(_) => Some("omit --threads".into()),
            Self::Lacks { part: VISION_TOWER, .. } => {
                Some("omit figures, or load the vision tower with --figures 1".into())
            }
            Self::Lacks { .. } => Some("for a model without an encoder, measure `prompt` and `generate`".into()),
        }
    }
}

/// The model to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The model named in the options, or the best one installed.
    Model,
    /// A published size with random weights.
    Shape {
        /// The size.
        shape: Shape,
        /// Number of layers in both text stacks; `None` for all.
        layers: Option<usize>,
        /// Whether to include the vision tower.
        with_vision: bool,
    },
}

/// The loaded model, for the header of a result table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loaded {
    /// Name of the model or shape.
    pub name: String,
    /// Whether its weights are random.
    pub random_weights: bool,
    /// Type of the weights, as in `--dtype`.
    pub dtype: String,
    /// Layers of the text encoder; 0 for a decoder-only model.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Layers of the vision tower; 0 for a text-only model.
    pub vision_layers: usize,
    /// Width of the residual stream of the text stacks.
    pub hidden_size: usize,
    /// Rows of the embedding table.
    pub vocab_size: usize,
    /// Seconds taken to load the model, or to generate the weights of a shape.
    pub load_secs: f64,
}

/// A model under measurement.
pub struct Bench {
    model: Model,
    loaded: Loaded,
    device: Device,
    choice: MemoryChoice,
    dtype: WeightType,
    /// The latest memory and its number of tokens, shared by several rounds of decoding.
    memory: Option<(usize, Memory)>,
}

impl Bench {
    /// Loads the model. `threads` sets the number of compute threads; `None` uses all processors.
    ///
    /// The number of threads applies to the whole process and can be set only once.
    ///
    /// # Errors
    /// Returns a [`BenchError`] if the model cannot be loaded, the device is unavailable, or the number of threads was set
    /// before.
    pub fn open(subject: &Subject, compute: &ComputeOptions, threads: Option<usize>) -> Result<Self, BenchError> {
        if let Some(threads) = threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let named = pool.thread_name(|i| format!("compute-{i}"));
            named.build_global().map_err(|error| BenchError::Threads(error.to_string()))?;
        }
        let device = device::open(compute.device)?;
        let start = Instant::now();
        let (name, (model, dtype)) = match subject {
            Subject::Model => {
                let folder = find_model(&Directories::of_user().map_err(Error::from)?, compute)?;
                let loaded = match &folder.files {
                    ModelFiles::Published { folder, .. } => {
                        load_published(folder, None, device.clone(), compute.dtype)?
                    }
                    ModelFiles::Gguf(path) => {
                        let (model, _, dtype) = load_gguf(path, None, device.clone(), compute.dtype)?;
                        (model, dtype)
                    }
                };
                (folder.name, loaded)
            }
            Subject::Shape { shape, layers, with_vision } => {
                let config = shape.config(*layers, *with_vision).map_err(Error::from)?;
                let weights = shape::random_weights(&config);
                (shape.name().to_owned(), load_random(weights, config, device.clone(), compute.dtype)?)
            }
        };
        let loaded = Loaded {
            name,
            random_weights: *subject != Subject::Model,
            dtype: match dtype {
                WeightType::F32 => "f32",
                WeightType::Bf16 => "bf16",
                WeightType::Int8 => "int8",
            }
            .into(),
            encoder_layers: model.num_encoder_layers(),
            decoder_layers: model.config().decoder.layers.len(),
            vision_layers: model.num_vision_layers(),
            hidden_size: model.config().hidden_size(),
            vocab_size: model.config().vocab_size,
            load_secs: start.elapsed().as_secs_f64(),
        };
        Ok(Self { model, loaded, device, choice: compute.memory, dtype, memory: None })
    }

    /// The loaded model.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Runs a benchmark once.
    ///
    /// # Errors
    /// Returns [`BenchError::Lacks`] if the model has no such part, and any error of the computation.
    pub fn run(&mut self, work: Work) -> Result<Measurement, BenchError> {
        let lacks = |part| Err(BenchError::Lacks { work, part });
        match work {
            Work::Encode { .. } | Work::Remember { .. } | Work::Decode { .. } if self.loaded.encoder_layers == 0 => {
                lacks("encoder")
            }
            Work::Figure if self.loaded.vision_layers == 0 => lacks(VISION_TOWER),
            Work::Encode { tokens } => self.encode(work, tokens),
            Work::Figure => self.figure(work),
            Work::Remember { tokens } => self.remember(work, tokens),
            Work::Decode { encoded, tokens } => self.decode(work, encoded, tokens),
            Work::Prompt { tokens } => self.prompt(work, tokens),
            Work::Generate { tokens } => self.write(work, &Memory::empty(), tokens),
        }
    }

    fn encode(&self, work: Work, tokens: usize) -> Result<Measurement, BenchError> {
        let ids = self.ids(tokens);
        let start = Instant::now();
        self.model.encode(&ids, &[], &mut |_| Ok(()))?;
        self.device.synchronize()?;
        Ok(Measurement::new(work, start.elapsed().as_secs_f64(), Some(tokens)))
    }

    fn figure(&self, work: Work) -> Result<Measurement, BenchError> {
        let vision = self.model.config().encoder.as_ref().and_then(|encoder| encoder.vision.as_ref());
        let Some(side) = vision.map(|vision| vision.image_size) else {
            return Err(BenchError::Lacks { work, part: VISION_TOWER });
        };
        let pixels = Pixels { values: normals(PIXELS_SEED, 3 * side * side), side };
        let start = Instant::now();
        self.model.image_features(&pixels, &mut |_| Ok(()))?;
        self.device.synchronize()?;
        Ok(Measurement::new(work, start.elapsed().as_secs_f64(), None))
    }

    fn remember(&mut self, work: Work, tokens: usize) -> Result<Measurement, BenchError> {
        // Drop the previous memory first, so that peak memory does not count both.
        self.memory = None;
        let start = Instant::now();
        let memory = self.prepare(tokens)?;
        let measured = Measurement::new(work, start.elapsed().as_secs_f64(), Some(tokens));
        let measured = with_memory(measured, &memory);
        self.memory = Some((tokens, memory));
        Ok(measured)
    }

    fn decode(&mut self, work: Work, encoded: usize, tokens: usize) -> Result<Measurement, BenchError> {
        let memory = match self.memory.take() {
            Some((prepared, memory)) if prepared == encoded => memory,
            other => {
                drop(other);
                self.prepare(encoded)?
            }
        };
        let measured = self.write(work, &memory, tokens).map(|measured| with_memory(measured, &memory));
        self.memory = Some((encoded, memory));
        measured
    }

    fn prompt(&self, work: Work, tokens: usize) -> Result<Measurement, BenchError> {
        let ids = self.ids(tokens);
        let memory = Memory::empty();
        let start = Instant::now();
        let mut decoding = self.model.start(&memory);
        if let Some((last, before)) = ids.split_last() {
            decoding.prefill(before)?;
            let states = decoding.append(&[*last], None)?;
            decoding.last_logits(&states)?;
        }
        Ok(Measurement::new(work, start.elapsed().as_secs_f64(), Some(tokens)))
    }

    /// Greedily decodes a first token and then, timed separately, `tokens` more.
    fn write(&self, work: Work, memory: &Memory, tokens: usize) -> Result<Measurement, BenchError> {
        let start = Instant::now();
        let mut decoding = self.model.start(memory);
        let mut last = self.model.config().tokens.bos;
        let mut first_token_secs = 0.0;
        let mut after_first = start;
        for i in 0..=tokens {
            let states = decoding.append(&[last], None)?;
            last = Logits::new(decoding.last_logits(&states)?).arg_max().unwrap_or_default();
            if i == 0 {
                first_token_secs = start.elapsed().as_secs_f64();
                after_first = Instant::now();
            }
        }
        let measured = Measurement::new(work, after_first.elapsed().as_secs_f64(), Some(tokens));
        Ok(Measurement { first_token_secs: Some(first_token_secs), ..measured })
    }

    /// A memory of `tokens` random encoder states, scaled like the output of the encoder's final norm.
    fn prepare(&self, tokens: usize) -> Result<Memory, BenchError> {
        let hidden = self.loaded.hidden_size;
        let states = Tensor::from_vec(normals(STATES_SEED, tokens * hidden), (tokens, hidden), &self.device)?;
        let kind = requested_kind(choose_memory(self.choice, self.model.config(), self.dtype, tokens));
        let memory = self.model.remember(&states, None, kind, &mut |_| Ok(()))?;
        self.device.synchronize()?;
        Ok(memory)
    }

    /// Random token ids after the one that starts a text, without image tokens.
    fn ids(&self, count: usize) -> Vec<u32> {
        let config = self.model.config();
        let image = config.encoder.as_ref().map(|encoder| encoder.image.soft);
        let plain = |id: u32| if Some(id) == image { config.tokens.bos } else { id };
        let random = normals(IDS_SEED, count.saturating_sub(1));
        let random_ids = random.into_iter().map(|x| plain(((x + 4.0) / 8.0 * config.vocab_size as f32) as u32));
        std::iter::once(config.tokens.bos).chain(random_ids).collect()
    }
}

fn with_memory(measured: Measurement, memory: &Memory) -> Measurement {
    let kind = match memory.kind() {
        MemoryKind::KeysValues => "kv",
        MemoryKind::Shared => "shared",
    };
    Measurement { memory: Some(kind), memory_bytes: Some(memory.bytes() as u64), ..measured }
}
