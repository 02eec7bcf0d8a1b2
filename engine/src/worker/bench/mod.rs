//! How fast a model works on this machine: its parts, timed one by one on the thread that asks.
//!
//! Inputs are chance (token ids, pixels, encoder states), the same ones every time: no part's speed depends on them.
//! What is measured, and how the figures are shown, is up to the caller.

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

use super::load::{choose_memory, load_gguf, load_published, load_random};
use super::session::{EngineOptions, Session};
use super::{Error, device};
use crate::diagnostic::Hint;
use crate::model::Model;
use crate::model::generation::Logits;
use crate::model::memory::{Memory, MemoryKind};
use crate::model::vision::Pixels;
use crate::protocol::{ComputeOptions, MemoryChoice, WeightType};
use crate::store::models::ModelFiles;
use crate::weights::random::normals;

/// Seeds of ids, states and pixels.
const IDS_SEED: u64 = 11;
const STATES_SEED: u64 = 12;
const PIXELS_SEED: u64 = 13;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The model cannot be loaded, or cannot do its work.
    #[error(transparent)]
    Engine(Box<Error>),
    /// The number of threads cannot be set.
    #[error("the number of threads cannot be set: {0}")]
    Threads(String),
    /// The model lacks the part that is to be measured.
    #[error("`{work}` cannot be measured: this model has no {part}")]
    Lacks {
        /// The work.
        work: Work,
        /// What the model lacks.
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
            Self::Threads(_) => Some("leave --threads out".into()),
            Self::Lacks { part: "eyes", .. } => Some("leave figures out, or load the eyes with --figures 1".into()),
            Self::Lacks { .. } => Some("measure `prompt` and `generate` with a model without an encoder".into()),
        }
    }
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The model that the options name, or the best one installed.
    Model,
    /// A published size with weights of chance.
    Shape {
        /// Which size.
        shape: Shape,
        /// Layers of both text stacks; all where `None`.
        layers: Option<usize>,
        /// Whether the vision tower is made too.
        with_eyes: bool,
    },
}

/// What was loaded, for the head of a table of figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loaded {
    /// The model's name, or that of the shape.
    pub name: String,
    /// Whether its weights are chance.
    pub random_weights: bool,
    /// How they are held, as `--dtype` names it.
    pub dtype: String,
    /// Layers of the text encoder; 0 for a decoder alone.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Layers of the vision tower; 0 for a model without eyes.
    pub vision_layers: usize,
    /// Width of the residual stream of the text stacks.
    pub hidden_size: usize,
    /// Rows of the embedding.
    pub vocab_size: usize,
    /// Seconds that loading took (for a shape: making the weights).
    pub load_secs: f64,
}

/// A model that is measured.
pub struct Bench {
    model: Model,
    loaded: Loaded,
    device: Device,
    choice: MemoryChoice,
    dtype: WeightType,
    /// The memory that was prepared last: several rounds of answering share one.
    memory: Option<(usize, Memory)>,
}

impl Bench {
    /// Loads the model; `threads` compute, or as many as the machine has processors.
    ///
    /// The number of threads holds for the whole process and can be set once.
    ///
    /// # Errors
    /// Returns a [`BenchError`] when the model or the device cannot be had, or the threads are there already.
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
                let folder = Session::new(EngineOptions::default()).find_model(compute)?;
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
            Subject::Shape { shape, layers, with_eyes } => {
                let config = shape.config(*layers, *with_eyes).map_err(Error::from)?;
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

    /// What was loaded.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Does a piece of work once.
    ///
    /// # Errors
    /// Returns [`BenchError::Lacks`] where the model has no such part, and what the computation gave.
    pub fn run(&mut self, work: Work) -> Result<Measurement, BenchError> {
        let lacks = |part| Err(BenchError::Lacks { work, part });
        match work {
            Work::Encode { .. } | Work::Remember { .. } | Work::Decode { .. } if self.loaded.encoder_layers == 0 => {
                lacks("encoder")
            }
            Work::Figure if self.loaded.vision_layers == 0 => lacks("eyes"),
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
            return Err(BenchError::Lacks { work, part: "eyes" });
        };
        let pixels = Pixels { values: normals(PIXELS_SEED, 3 * side * side), side };
        let start = Instant::now();
        self.model.image_features(&pixels, &mut |_| Ok(()))?;
        self.device.synchronize()?;
        Ok(Measurement::new(work, start.elapsed().as_secs_f64(), None))
    }

    fn remember(&mut self, work: Work, tokens: usize) -> Result<Measurement, BenchError> {
        // The memory before goes first: two at once would count as one that is larger.
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

    /// Writes a first token and, timed apart, `tokens` more, always the likeliest.
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

    /// A memory of `tokens` encoder states of chance, which are as large as the encoder's last norm leaves them.
    fn prepare(&self, tokens: usize) -> Result<Memory, BenchError> {
        let hidden = self.loaded.hidden_size;
        let states = Tensor::from_vec(normals(STATES_SEED, tokens * hidden), (tokens, hidden), &self.device)?;
        let kind = match choose_memory(self.choice, self.model.config(), self.dtype, tokens) {
            MemoryChoice::Shared => MemoryKind::Shared,
            MemoryChoice::KeysValues | MemoryChoice::Auto => MemoryKind::KeysValues,
        };
        let memory = self.model.remember(&states, None, kind, &mut |_| Ok(()))?;
        self.device.synchronize()?;
        Ok(memory)
    }

    /// Token ids of chance behind the one that starts a text; none stands for an image.
    fn ids(&self, count: usize) -> Vec<u32> {
        let config = self.model.config();
        let image = config.encoder.as_ref().map(|encoder| encoder.image.soft);
        let plain = |id: u32| if Some(id) == image { config.tokens.bos } else { id };
        let chance = normals(IDS_SEED, count.saturating_sub(1));
        let of_chance = chance.into_iter().map(|x| plain(((x + 4.0) / 8.0 * config.vocab_size as f32) as u32));
        std::iter::once(config.tokens.bos).chain(of_chance).collect()
    }
}

fn with_memory(measured: Measurement, memory: &Memory) -> Measurement {
    let kind = match memory.kind() {
        MemoryKind::KeysValues => "kv",
        MemoryKind::Shared => "shared",
    };
    Measurement { memory: Some(kind), memory_bytes: Some(memory.bytes() as u64), ..measured }
}
