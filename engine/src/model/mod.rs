//! T5Gemma 2: a bidirectional text encoder with a vision tower, and a decoder whose attention covers its own tokens and
//! the encoder's whole output at once. A Gemma 3 text model is the same decoder without an encoder.
//!
//! Letters in shapes: `s` encoder tokens, `t` decoder tokens, `n` tokens of any sequence, `h` query heads, `k` key heads,
//! `d` width of a head, `c` width of the residual stream, `f` width inside the feed-forward block, `v` vocabulary,
//! `p` patches. There is no batch dimension: windows are encoded one at a time.
//!
//! The layers run on one of two backends, [`Backend`]: `native` (plain buffers, packed weights, our CPU kernels) and
//! `candle` (candle's tensors, for accelerators). Both implement the traits in `stacks.rs`.
//!
//! Knows token ids and pixels, not documents, prompts or files.

mod backend;
mod candle;
pub mod config;
mod embedding;
mod error;
pub mod generation;
mod head;
pub mod memory;
mod memory_kind;
mod native;
mod observe;
mod stacks;
pub mod tensors;
pub mod vision;

use candle_core::{DType, Device, Tensor};

pub use backend::Backend;
pub use error::ModelError;
pub use observe::{AttentionObserver, EachLayer};

use crate::weights::{Weights, WeightsError};
use config::ModelConfig;
use embedding::{Embedding, replace_rows};
use head::Head;
use memory::{Memory, MemoryKind};
use stacks::{Sequence, Stacks};
use vision::{Pixels, VisionEncoder};

/// A loaded model.
pub struct Model {
    config: ModelConfig,
    /// The encoder's table; the decoder's too where the head is tied or there is no encoder.
    embedding: Embedding,
    decoder_embedding: Embedding,
    head: Head,
    stacks: Box<dyn Stacks>,
    vision: Option<VisionEncoder>,
    activations: DType,
}

impl Model {
    /// Loads the tensors that `config` asks for.
    ///
    /// # Errors
    /// Returns a [`WeightsError`] that names the first tensor that is missing or of another shape.
    pub fn load(weights: Weights, config: ModelConfig) -> Result<Self, WeightsError> {
        let backend = Backend::for_device(weights.device());
        Self::load_for(weights, config, backend)
    }

    /// Like [`Model::load`], with an explicit backend.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_for(weights: Weights, config: ModelConfig, backend: Backend) -> Result<Self, WeightsError> {
        let activations = weights.activation_dtype();
        let shape = [config.vocab_size, config.hidden_size()];
        let (stem, end_of_image) = match &config.encoder {
            Some(encoder) => ("model.encoder.embed_tokens", Some(encoder.image.end)),
            None => ("model.decoder.embed_tokens", None),
        };
        let embedding = Embedding::load(&weights, stem, shape, end_of_image)?;
        let packed = backend.packs_head(&weights);
        let head = if config.tied_head {
            Head::new(embedding.table(), stem, packed)?
        } else {
            let name = "lm_head.out_proj.weight";
            Head::new(&weights.matrix(name, &shape)?, name, packed)?
        };
        // Untied, the reference has three matrices: encoder's table, decoder's table, head.
        let decoder_embedding = if config.tied_head || config.encoder.is_none() {
            embedding.clone()
        } else {
            Embedding::load(&weights, "model.decoder.embed_tokens", shape, end_of_image)?
        };
        let stacks = backend.load_stacks(&weights, &config)?;
        let vision = match &config.encoder {
            Some(encoder) => VisionEncoder::load(weights, encoder, config.hidden_size(), backend)?,
            None => None,
        };
        Ok(Self { config, embedding, decoder_embedding, head, stacks, vision, activations })
    }

    /// The model's shape.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Layers of the text encoder; 0 for a decoder-only model.
    pub fn num_encoder_layers(&self) -> usize {
        self.stacks.num_encoder_layers()
    }

    /// Layers of the vision tower; 0 for a model without vision.
    pub fn num_vision_layers(&self) -> usize {
        self.vision.as_ref().map_or(0, VisionEncoder::num_layers)
    }

    /// Soft tokens of one image, `[tokens, c]`.
    ///
    /// # Errors
    /// Returns [`ModelError::Lacks`] for a model without vision, and any error of `each_layer` or the computation.
    pub fn image_features(&self, pixels: &Pixels, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        self.project(&self.vision_features(pixels, each_layer)?)
    }

    /// Features of one image, `[tokens, tower width]`: pooled, but not yet projected to the text model's width, so that
    /// models with the same tower can share them.
    ///
    /// # Errors
    /// As [`Model::image_features`].
    pub fn vision_features(&self, pixels: &Pixels, each_layer: EachLayer<'_>) -> Result<Tensor, ModelError> {
        self.vision()?.features(pixels, self.device(), each_layer)
    }

    /// Soft tokens `[tokens, c]` of what [`Model::vision_features`] returned, in whatever type it was stored since.
    ///
    /// # Errors
    /// As [`Model::image_features`].
    pub fn project(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let features = features.to_device(self.device())?.to_dtype(self.activations)?;
        self.vision()?.project(&features)
    }

    fn vision(&self) -> Result<&VisionEncoder, ModelError> {
        self.vision.as_ref().ok_or(ModelError::Lacks("vision"))
    }

    /// Encoder states of a window, `[s, c]`; `images`, each `[tokens, c]`, replace its image tokens in order.
    ///
    /// # Errors
    /// Returns a [`ModelError`] when ids and images do not fit the model, and any error of `each_layer` or the computation.
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
        // The tokens of an image need not be adjacent; where they are not, they are replaced one by one.
        let mut rows = Vec::with_capacity(places.len());
        for (image, places) in images.iter().zip(places.chunks(per_image)) {
            let image = image.to_dtype(self.activations)?;
            let adjacent = places.windows(2).all(|pair| pair[1] == pair[0] + 1);
            if adjacent {
                rows.push((places[0], image));
            } else {
                for (i, &place) in places.iter().enumerate() {
                    rows.push((place, image.narrow(0, i, 1)?));
                }
            }
        }
        self.stacks.encode(replace_rows(&embedded, &rows)?, each_layer)
    }

    /// Prepares encoder states `[s, c]` for the decoder. [`MemoryKind::Shared`] uses `inverse_norms`, as returned by
    /// [`Model::inverse_norms`], where they are known.
    ///
    /// # Errors
    /// Returns any error of `each_layer` or the computation.
    pub fn remember(
        &self,
        states: &Tensor,
        inverse_norms: Option<&Tensor>,
        kind: MemoryKind,
        each_layer: EachLayer<'_>,
    ) -> Result<Memory, ModelError> {
        self.stacks.remember(&self.to_own_device(states)?, inverse_norms, kind, each_layer)
    }

    /// The scalars by which encoder states `[s, c]` become keys of every decoder layer: `1 / sqrt(mean((W_k h)²) + eps)`
    /// per key head and token, layer after layer, `[layers·k, s]`, in f32.
    ///
    /// # Errors
    /// Returns any error of the computation.
    pub fn inverse_norms(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        self.stacks.inverse_norms(&self.to_own_device(states)?)
    }

    fn to_own_device(&self, states: &Tensor) -> candle_core::Result<Tensor> {
        states.to_device(self.device())?.contiguous()
    }

    /// Starts a new sequence over `memory`.
    pub fn start<'a>(&'a self, memory: &'a Memory) -> Decoding<'a> {
        Decoding { model: self, sequence: self.stacks.start(memory) }
    }

    /// Concatenates encoder states of windows that were encoded apart.
    ///
    /// # Errors
    /// Fails where the widths differ or there are none.
    pub fn concatenate(states: &[Tensor]) -> Result<Tensor, ModelError> {
        Ok(Tensor::cat(states, 0)?)
    }

    fn device(&self) -> &Device {
        self.embedding.table().device()
    }

    fn check_ids(&self, ids: &[u32]) -> Result<(), ModelError> {
        let vocab_size = self.config.vocab_size;
        match ids.iter().find(|&&id| id as usize >= vocab_size) {
            Some(&id) => Err(ModelError::TokenId { id, vocab_size }),
            None => Ok(()),
        }
    }

    fn embed_for_decoder(&self, ids: &[u32]) -> Result<Tensor, ModelError> {
        self.check_ids(ids)?;
        Ok(self.decoder_embedding.forward(ids)?)
    }

    /// Logits of normed states `[t, c]`, `[t, v]`, in f32.
    fn logits(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        let logits = self.head.forward(states)?.to_dtype(DType::F32)?;
        Ok(match self.config.final_logit_softcapping {
            Some(cap) => ((logits / cap)?.tanh()? * cap)?,
            None => logits,
        })
    }
}

/// A sequence being written: the decoder's own tokens so far, over a memory.
pub struct Decoding<'a> {
    model: &'a Model,
    sequence: Box<dyn Sequence + 'a>,
}

impl Decoding<'_> {
    /// Tokens so far.
    pub fn position(&self) -> usize {
        self.sequence.position()
    }

    /// Appends `ids` and returns the normed states of their positions, `[t, c]`.
    ///
    /// # Errors
    /// Returns a [`ModelError`] for ids outside the vocabulary, and any error of the computation.
    pub fn append(&mut self, ids: &[u32], observer: Option<&mut dyn AttentionObserver>) -> Result<Tensor, ModelError> {
        let embedded = self.model.embed_for_decoder(ids)?;
        self.sequence.append(embedded, observer)
    }

    /// Appends `ids` whose own states are not needed: all of a prompt but its last token. Later tokens are the same as
    /// after [`Decoding::append`].
    ///
    /// # Errors
    /// As [`Decoding::append`].
    pub fn prefill(&mut self, ids: &[u32]) -> Result<(), ModelError> {
        let embedded = self.model.embed_for_decoder(ids)?;
        self.sequence.prefill(embedded)
    }

    /// Logits of states that [`Decoding::append`] returned: `[t, v]`, in f32.
    ///
    /// # Errors
    /// Returns any error of the computation.
    pub fn logits(&self, states: &Tensor) -> Result<Tensor, ModelError> {
        self.model.logits(states)
    }

    /// Logits of the last of these states alone.
    ///
    /// # Errors
    /// Returns any error of the computation.
    pub fn last_logits(&self, states: &Tensor) -> Result<Vec<f32>, ModelError> {
        let last = states.narrow(0, states.dim(0)?.saturating_sub(1), 1)?;
        Ok(self.model.logits(&last)?.flatten_all()?.to_vec1()?)
    }
}
