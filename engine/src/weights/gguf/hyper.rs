//! Hyperparameters of a Gemma 3 model: those in the GGUF file, and the fixed ones of the architecture.

use super::{GgufError, GgufHeader};

/// The only supported architecture.
const ARCHITECTURE: &str = "gemma3";
/// Gemma 3 report, section 2: five local layers, then a global one.
const GLOBAL_EVERY: usize = 6;
/// Base frequency of the local layers' rotary embedding; same section.
const LOCAL_ROPE_BASE: f64 = 10_000.0;
/// Base frequency of the global layers' where the file names none.
const GLOBAL_ROPE_BASE: f64 = 1_000_000.0;
/// The one size (27B, known by its layers) whose attention scale follows from hidden size over heads.
const LAYERS_OF_27B: usize = 62;
const MAX_LAYERS: usize = 1 << 10;
const MAX_EXTENT: usize = 1 << 24;

/// Hyperparameters of the model in a GGUF file.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufHyper {
    /// Number of layers.
    pub layers: usize,
    /// Width of the hidden state.
    pub hidden: usize,
    /// Width inside the feed-forward part.
    pub feed_forward: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Width of a head, for queries, keys and values alike.
    pub head_dim: usize,
    /// Added to the mean square in each norm.
    pub rms_norm_eps: f64,
    /// How many positions a local layer sees, its own among them.
    pub sliding_window: usize,
    /// Layer `i` is global when `i + 1` is a multiple of it.
    pub global_every: usize,
    /// Base frequency of the rotary embedding in global layers.
    pub rope_base: f64,
    /// Base frequency of the rotary embedding in local layers.
    pub rope_local_base: f64,
    /// How positions are scaled in global layers.
    pub rope_scaling: RopeScaling,
    /// Attention scores are multiplied by this number to the power of -1/2.
    pub query_pre_attn_scalar: f64,
    /// Cap on attention scores, where there is one.
    pub attention_softcap: Option<f64>,
    /// Cap on logits, where there is one.
    pub logit_softcap: Option<f64>,
    /// The context length of the training; not a limit here.
    pub context_tokens: usize,
    /// How many tokens there are.
    pub vocabulary: usize,
}

/// How positions are scaled before the rotary embedding of global layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// As they are.
    None,
    /// Divided by this factor.
    Linear(f64),
}

impl GgufHyper {
    /// Reads the hyperparameters from the header.
    ///
    /// # Errors
    /// Returns [`GgufError::Architecture`] for another architecture, [`GgufError::Metadata`] for missing or invalid entries,
    /// [`GgufError::Unsupported`] for unsupported values.
    pub fn from_header(header: &GgufHeader) -> Result<Self, GgufError> {
        let architecture = header.text("general.architecture").ok_or_else(|| missing("general.architecture"))?;
        if architecture != ARCHITECTURE {
            return Err(GgufError::Architecture(architecture.to_owned()));
        }
        let heads = extent(header, "attention.head_count")?;
        let head_dim = extent(header, "attention.key_length")?;
        let value_length = extent(header, "attention.value_length")?;
        if value_length != head_dim {
            return Err(unsupported("attention.value_length", value_length));
        }
        let kv_heads = extent(header, "attention.head_count_kv")?;
        if !heads.is_multiple_of(kv_heads) {
            return Err(unsupported("attention.head_count_kv", kv_heads));
        }
        let layers = extent(header, "block_count")?;
        if layers > MAX_LAYERS {
            return Err(unsupported("block_count", layers));
        }
        let hidden = extent(header, "embedding_length")?;
        let per_head = if layers == LAYERS_OF_27B { hidden / heads } else { head_dim };
        Ok(Self {
            layers,
            hidden,
            feed_forward: extent(header, "feed_forward_length")?,
            heads,
            kv_heads,
            head_dim,
            rms_norm_eps: positive(header, "attention.layer_norm_rms_epsilon")?
                .ok_or_else(|| missing(&key("attention.layer_norm_rms_epsilon")))?,
            sliding_window: extent(header, "attention.sliding_window")?,
            global_every: global_every(header)?,
            rope_base: positive(header, "rope.freq_base")?.unwrap_or(GLOBAL_ROPE_BASE),
            rope_local_base: positive(header, "rope.freq_base_swa")?.unwrap_or(LOCAL_ROPE_BASE),
            rope_scaling: rope_scaling(header)?,
            query_pre_attn_scalar: per_head as f64,
            attention_softcap: positive(header, "attn_logit_softcapping")?,
            logit_softcap: positive(header, "final_logit_softcapping")?,
            context_tokens: extent(header, "context_length")?,
            vocabulary: vocabulary(header)?,
        })
    }

    /// Whether layer `index`, counted from 0, sees all positions.
    pub fn is_global(&self, index: usize) -> bool {
        (index + 1).is_multiple_of(self.global_every)
    }

    /// Factor on attention scores.
    pub fn attention_scale(&self) -> f64 {
        self.query_pre_attn_scalar.powf(-0.5)
    }

    /// Factor on input embeddings.
    pub fn embedding_scale(&self) -> f64 {
        (self.hidden as f64).sqrt()
    }
}

/// How many rows the embedding has: the number of tokens.
fn vocabulary(header: &GgufHeader) -> Result<usize, GgufError> {
    match header.tensors.get("token_embd.weight").map(|entry| entry.shape.as_slice()) {
        Some([rows, _]) => Ok(*rows),
        _ => Err(GgufError::NoTensor { name: "token_embd.weight".to_owned() }),
    }
}

fn rope_scaling(header: &GgufHeader) -> Result<RopeScaling, GgufError> {
    match header.text(&key("rope.scaling.type")) {
        None | Some("none") => Ok(RopeScaling::None),
        Some("linear") => match positive(header, "rope.scaling.factor")? {
            Some(factor) if factor >= 1.0 => Ok(RopeScaling::Linear(factor)),
            _ => Err(missing(&key("rope.scaling.factor"))),
        },
        Some(other) => Err(unsupported("rope.scaling.type", other)),
    }
}

fn global_every(header: &GgufHeader) -> Result<usize, GgufError> {
    let name = "attention.sliding_window_pattern";
    match header.metadata.get(&key(name)) {
        None => Ok(GLOBAL_EVERY),
        Some(_) => extent(header, name),
    }
}

/// A size: a positive whole number below a plausible limit.
fn extent(header: &GgufHeader, name: &str) -> Result<usize, GgufError> {
    header.integer(&key(name)).filter(|size| (1..=MAX_EXTENT).contains(size)).ok_or_else(|| missing(&key(name)))
}

/// A number above zero, where there is one.
fn positive(header: &GgufHeader, name: &str) -> Result<Option<f64>, GgufError> {
    if !header.metadata.contains_key(&key(name)) {
        return Ok(None);
    }
    header.float(&key(name)).filter(|number| *number > 0.0).map(Some).ok_or_else(|| missing(&key(name)))
}

fn key(name: &str) -> String {
    format!("{ARCHITECTURE}.{name}")
}

fn missing(key: &str) -> GgufError {
    GgufError::Metadata(key.to_owned())
}

fn unsupported(name: &str, value: impl std::fmt::Display) -> GgufError {
    GgufError::Unsupported { key: key(name), value: value.to_string() }
}
