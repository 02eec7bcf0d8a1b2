//! T5Gemma 2: a bidirectional text encoder with eyes, and a decoder that attends to itself and to the encoder's whole
//! output at once. A Gemma 3 text model is the same decoder with nothing to attend to but itself.
//!
//! Letters in shapes: `s` encoder tokens, `t` decoder tokens, `n` tokens of any sequence, `h` query heads, `k` key heads,
//! `d` width of a head, `c` width of the residual stream, `f` width inside the feed-forward block, `v` vocabulary,
//! `p` patches. There is no batch dimension: a window is encoded at a time.
//!
//! Knows token ids and pixels, not documents, prompts or files.

pub mod config;
mod cpu;
mod decoder;
mod encoder;
pub mod generation;
mod kv_cache;
mod layers;
pub mod memory;
pub mod tensors;
pub mod vision;

use std::cell::OnceCell;

use candle_core::{DType, Tensor};

pub use decoder::AttentionObserver;

use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::kernels::cpu::Precision;
use crate::weights::{Weights, WeightsError};
use config::{ModelConfig, VisionConfig};
use decoder::Decoder;
use encoder::TextEncoder;
use kv_cache::SelfCache;
use layers::Embedding;
use memory::{Memory, MemoryKind};
use vision::{Pixels, Projector, VisionTower};

/// Why the model cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The weights do not fit the configuration.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tensor library gave up: out of memory, or a device failed.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
    /// A token id beyond the vocabulary.
    #[error("token id {id} is not in the vocabulary of {vocab_size}")]
    TokenId {
        /// The id.
        id: u32,
        /// Ids there are.
        vocab_size: usize,
    },
    /// Image placeholders and images do not match.
    #[error("the input holds {placeholders} image tokens, where {images} images of {per_image} are given")]
    ImageTokens {
        /// Placeholder tokens among the ids.
        placeholders: usize,
        /// Images given.
        images: usize,
        /// Tokens an image takes.
        per_image: usize,
    },
    /// A picture without pixels, or not as large as it says.
    #[error("a picture of {width} × {height} pixels cannot be used")]
    Picture {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Something was asked of a part that this model lacks.
    #[error("this model has no {0}")]
    Lacks(&'static str),
    /// The work was given up.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Hint for ModelError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::Compute(_) => Some("try fewer pages, a smaller --window, or --dtype bf16".into()),
            Self::TokenId { .. } => Some("the tokenizer does not belong to this model; fetch the model again".into()),
            Self::Lacks(_) => Some("use a T5Gemma 2 model: `recto models list`".into()),
            Self::ImageTokens { .. } | Self::Picture { .. } | Self::Cancelled(_) => None,
        }
    }
}

/// A model ready to work.
pub struct Model {
    config: ModelConfig,
    /// The encoder's table; the decoder's too where the head is tied or there is no encoder.
    embedding: Embedding,
    decoder_embedding: Embedding,
    head: Option<Head>,
    stacks: Stacks,
    eyes: Option<Eyes>,
    activations: DType,
}

/// What computes the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Kernels of our own on packed weights.
    Cpu,
    /// candle's tensors: on accelerators, and on the CPU where the two are compared.
    Tensors,
}

/// Both stacks of layers.
enum Stacks {
    Cpu { encoder: Option<cpu::TextEncoder>, decoder: cpu::Decoder },
    Tensors { encoder: Option<TextEncoder>, decoder: Decoder },
}

/// A head that is not tied to the embedding.
enum Head {
    Packed(cpu::Linear),
    Tensor(Tensor),
}

/// The tower is larger than the rest of a small model, and much reading needs no eyes: it is loaded when a picture comes.
struct Eyes {
    tower: OnceCell<VisionTower>,
    projector: Projector,
    vision: VisionConfig,
    backend: Backend,
    weights: Weights,
}

impl Eyes {
    fn tower(&self, activations: DType) -> Result<&VisionTower, ModelError> {
        if let Some(tower) = self.tower.get() {
            return Ok(tower);
        }
        let tower = VisionTower::load(&self.weights, &self.vision, activations, self.backend)?;
        Ok(self.tower.get_or_init(|| tower))
    }
}

/// Called before each layer; gives up the work by returning an error.
pub type EachLayer<'a> = &'a mut dyn FnMut(usize) -> Result<(), ModelError>;

impl Model {
    /// Loads the tensors that `config` asks for.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] that names the first tensor that is absent or of another shape.
    pub fn load(weights: Weights, config: ModelConfig) -> Result<Self, WeightsError> {
        let backend = if weights.device().is_cpu() { Backend::Cpu } else { Backend::Tensors };
        Self::load_for(weights, config, backend)
    }

    /// The same with the backend named.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_for(weights: Weights, config: ModelConfig, backend: Backend) -> Result<Self, WeightsError> {
        let activations = encoder::activation_dtype(weights.device(), weights.dtype());
        let shape = [config.vocab_size, config.hidden_size()];
        let (stem, end_of_image) = match &config.encoder {
            Some(encoder) => ("model.encoder.embed_tokens", Some(encoder.image.end)),
            None => ("model.decoder.embed_tokens", None),
        };
        let packed = backend == Backend::Cpu && weights.precision() == Precision::Int8;
        let embedding = Embedding::load(&weights, stem, shape, end_of_image, activations, packed && config.tied_head)?;
        let head = match (config.tied_head, packed) {
            (true, _) => None,
            (false, packed) => {
                let name = "lm_head.out_proj.weight";
                let table = weights.matrix(name, &shape)?;
                let load = |source| WeightsError::Load { name: name.to_owned(), source };
                Some(if packed { Head::Packed(cpu::Linear::table(&table).map_err(load)?) } else { Head::Tensor(table) })
            }
        };
        // Untied, the reference keeps three matrices: encoder's table, decoder's table, head.
        let decoder_embedding = if config.tied_head || config.encoder.is_none() {
            embedding.clone()
        } else {
            Embedding::load(&weights, "model.decoder.embed_tokens", shape, end_of_image, activations, false)?
        };
        let text = config.encoder.as_ref().map(|encoder| &encoder.text);
        let stacks = match backend {
            Backend::Cpu => Stacks::Cpu {
                encoder: text.map(|text| cpu::TextEncoder::load(&weights, text)).transpose()?,
                decoder: cpu::Decoder::load(&weights, &config.decoder, text.is_some())?,
            },
            Backend::Tensors => Stacks::Tensors {
                encoder: text.map(|text| TextEncoder::load(&weights, text)).transpose()?,
                decoder: Decoder::load(&weights, &config.decoder)?,
            },
        };
        let mut eyes = None;
        if let Some((encoder, vision)) =
            config.encoder.as_ref().and_then(|encoder| Some((encoder, encoder.vision.as_ref()?)))
        {
            let projector = Projector::load(&weights, vision, encoder.image.per_image, config.hidden_size())?;
            eyes = Some(Eyes { tower: OnceCell::new(), projector, vision: vision.clone(), backend, weights });
        }
        Ok(Self { config, embedding, decoder_embedding, head, stacks, eyes, activations })
    }

    /// The model's shape.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Layers of the text encoder; 0 for a decoder alone.
    pub fn num_encoder_layers(&self) -> usize {
        match &self.stacks {
            Stacks::Cpu { encoder, .. } => encoder.as_ref().map_or(0, cpu::TextEncoder::num_layers),
            Stacks::Tensors { encoder, .. } => encoder.as_ref().map_or(0, TextEncoder::num_layers),
        }
    }

    /// Layers of the vision tower; 0 for a model without eyes.
    pub fn num_vision_layers(&self) -> usize {
        self.eyes.as_ref().map_or(0, |eyes| eyes.vision.num_layers)
    }

    /// Soft tokens of one image, `[tokens, c]`.
    ///
    /// # Errors
    /// Returns [`ModelError::Lacks`] for a model without eyes, and what `each_layer` or the computation gave.
    pub fn image_features(&self, pixels: &Pixels, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        self.project(&self.vision_features(pixels, each_layer)?)
    }

    /// What the tower sees in one image, `[tokens, tower width]`: pooled, before the projection that belongs to the text
    /// model, so that models with the same tower share it.
    ///
    /// # Errors
    /// As [`Model::image_features`].
    pub fn vision_features(&self, pixels: &Pixels, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        let eyes = self.eyes()?;
        let side = pixels.side;
        let tensor = Tensor::from_slice(&pixels.values, (3, side, side), self.head_device())?;
        Ok(eyes.projector.pool(&eyes.tower(self.activations)?.forward(&tensor, each_layer)?)?)
    }

    /// Soft tokens `[tokens, c]` of what [`Model::vision_features`] returned, in whatever type it was kept since.
    ///
    /// # Errors
    /// As [`Model::image_features`].
    pub fn project(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let features = features.to_device(self.head_device())?.to_dtype(self.activations)?;
        Ok(self.eyes()?.projector.project(&features)?)
    }

    fn eyes(&self) -> Result<&Eyes, ModelError> {
        self.eyes.as_ref().ok_or(ModelError::Lacks("eyes"))
    }

    /// Encoder states of a window, `[s, c]`; `images` stand in for its image tokens in order, each `[tokens, c]`.
    ///
    /// # Errors
    /// Returns a [`ModelError`] when ids and images do not fit the model, and what `each_layer` or the computation gave.
    pub fn encode(&self, ids: &[u32], images: &[Tensor], each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        let Some(config) = &self.config.encoder else { return Err(ModelError::Lacks("encoder")) };
        self.check_ids(ids)?;
        let embedded = self.embedding.forward(ids)?;
        let places: Vec<usize> =
            ids.iter().enumerate().filter(|(_, id)| **id == config.image.soft).map(|(i, _)| i).collect();
        let per_image = config.image.per_image;
        if places.len() != images.len() * per_image {
            return Err(ModelError::ImageTokens { placeholders: places.len(), images: images.len(), per_image });
        }
        // Image tokens of one image need not lie side by side, so they are put in one by one where they do not.
        let mut rows = Vec::with_capacity(places.len());
        for (image, places) in images.iter().zip(places.chunks(per_image)) {
            let image = image.to_dtype(self.activations)?;
            let together = places.windows(2).all(|pair| pair[1] == pair[0] + 1);
            if together {
                rows.push((places[0], image));
            } else {
                for (i, &place) in places.iter().enumerate() {
                    rows.push((place, image.narrow(0, i, 1)?));
                }
            }
        }
        let embedded = layers::replace_rows(&embedded, &rows)?;
        match &self.stacks {
            Stacks::Cpu { encoder: Some(encoder), .. } => encoder.forward(&embedded, each_layer),
            Stacks::Tensors { encoder: Some(encoder), .. } => encoder.forward(embedded, each_layer),
            Stacks::Cpu { encoder: None, .. } | Stacks::Tensors { encoder: None, .. } => {
                Err(ModelError::Lacks("encoder"))
            }
        }
    }

    /// Makes encoder states `[s, c]` ready for answering. [`MemoryKind::Shared`] takes `inverse_norms` where they are
    /// known, as [`Model::inverse_norms`] returns them.
    ///
    /// # Errors
    /// Returns what `each_layer` or the computation gave.
    pub fn remember(
        &self,
        states: &Tensor,
        inverse_norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: EachLayer<'_>,
    ) -> Result<Memory, ModelError> {
        let states = self.own_type(states)?;
        match &self.stacks {
            Stacks::Cpu { decoder, .. } => Ok(decoder.remember(&states, kind, inverse_norms, each_layer)?.into()),
            Stacks::Tensors { decoder, .. } => Memory::prepare(decoder, &states, inverse_norms, kind, each_layer),
        }
    }

    /// The scalars by which encoder states `[s, c]` become keys of every decoder layer: `1 / sqrt(mean((W_k h)²) + eps)`
    /// per key head and token, layer after layer, `[layers·k, s]`, in f32.
    ///
    /// # Errors
    /// Returns what the computation gave.
    pub fn inverse_norms(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        let states = self.own_type(states)?;
        match &self.stacks {
            Stacks::Cpu { decoder, .. } => decoder.inverse_norms(&states),
            Stacks::Tensors { decoder, .. } => Ok(memory::inverse_norms(decoder, &states)?),
        }
    }

    /// Encoder states where and as the stacks take them: kernels of our own widen bf16 themselves.
    fn own_type(&self, states: &Tensor) -> candle_core::Result<Tensor> {
        let states = states.to_device(self.head_device())?.contiguous()?;
        match &self.stacks {
            Stacks::Cpu { .. } if states.dtype() == DType::BF16 => Ok(states),
            Stacks::Cpu { .. } => states.to_dtype(DType::F32),
            Stacks::Tensors { .. } => states.to_dtype(self.activations),
        }
    }

    /// Starts a new text over `memory`.
    pub fn start<'a>(&'a self, memory: &'a Memory) -> Decoding<'a> {
        let caches = match &self.stacks {
            Stacks::Cpu { decoder, .. } => Caches::Cpu(decoder.caches()),
            Stacks::Tensors { decoder, .. } => Caches::Tensors(decoder.caches()),
        };
        Decoding { model: self, memory, caches, position: 0 }
    }

    /// Encoder states of windows that were encoded apart, put one after the other.
    ///
    /// # Errors
    /// Fails where the widths differ or there are none.
    pub fn concatenate(states: &[Tensor]) -> Result<Tensor, ModelError> {
        Ok(Tensor::cat(states, 0)?)
    }

    fn head_device(&self) -> &candle_core::Device {
        self.embedding.device()
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), ModelError> {
        let vocab_size = self.config.vocab_size;
        match ids.iter().find(|&&id| id as usize >= vocab_size) {
            Some(&id) => Err(ModelError::TokenId { id, vocab_size }),
            None => Ok(()),
        }
    }

    /// Logits of normed states `[t, c]`, `[t, v]`, in f32.
    fn logits(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        let logits = match &self.head {
            Some(Head::Packed(head)) => head.apply(states)?,
            Some(Head::Tensor(head)) => crate::kernels::linear::product(states, head)?,
            None => self.decoder_embedding.logits(states)?,
        };
        let logits = logits.to_dtype(DType::F32)?;
        Ok(match self.config.final_logit_softcapping {
            Some(cap) => ((logits / cap)?.tanh()? * cap)?,
            None => logits,
        })
    }
}

/// A text being written: the decoder's own tokens so far, over a memory.
pub struct Decoding<'a> {
    model: &'a Model,
    memory: &'a Memory,
    caches: Caches,
    position: usize,
}

/// Keys and values of the text so far, layer by layer.
enum Caches {
    Cpu(Vec<cpu::SelfCache>),
    Tensors(Vec<SelfCache>),
}

impl Decoding<'_> {
    /// Tokens so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Appends `ids` and returns the normed states of their positions, `[t, c]`.
    ///
    /// # Errors
    /// Returns a [`ModelError`] for ids beyond the vocabulary, and what the computation gave.
    pub fn append(&mut self, ids: &[u32], observer: Option<&mut dyn AttentionObserver>) -> Result<Tensor, ModelError> {
        self.model.check_ids(ids)?;
        let embedded = self.model.decoder_embedding.forward(ids)?;
        let states = match (&self.model.stacks, &mut self.caches) {
            (Stacks::Cpu { decoder, .. }, Caches::Cpu(caches)) => {
                decoder.forward(&embedded, self.position, caches, self.memory.packed(), observer)?
            }
            (Stacks::Tensors { decoder, .. }, Caches::Tensors(caches)) => {
                decoder.forward(embedded, self.position, caches, self.memory, observer)?
            }
            _ => return Err(ModelError::Lacks("caches of this kind")),
        };
        self.position += ids.len();
        Ok(states)
    }

    /// Appends `ids` whose own states nobody wants: all of a prompt but its last token. Later tokens are the same as after
    /// [`Decoding::append`].
    ///
    /// # Errors
    /// As [`Decoding::append`].
    pub fn take_in(&mut self, ids: &[u32]) -> Result<(), ModelError> {
        let (Stacks::Cpu { decoder, .. }, Caches::Cpu(caches)) = (&self.model.stacks, &mut self.caches) else {
            return self.append(ids, None).map(drop);
        };
        self.model.check_ids(ids)?;
        let embedded = self.model.decoder_embedding.forward(ids)?;
        decoder.take_in(&embedded, self.position, caches, self.memory.packed())?;
        self.position += ids.len();
        Ok(())
    }

    /// Logits of states that [`Decoding::append`] returned: `[t, v]`, in f32.
    ///
    /// # Errors
    /// Returns what the computation gave.
    pub fn logits(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        self.model.logits(states)
    }

    /// Logits of the last of these states alone.
    ///
    /// # Errors
    /// Returns what the computation gave.
    pub fn last_logits(&self, states: &Tensor) -> Result<Vec<f32>, ModelError> {
        let last = states.narrow(0, states.dim(0)?.saturating_sub(1), 1)?;
        Ok(self.model.logits(&last)?.flatten_all()?.to_vec1()?)
    }
}
