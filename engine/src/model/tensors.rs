//! The tensors of a model with a given configuration, by published name and shape.
//!
//! The layers load their tensors by themselves; tests show that the two agree by loading models with exactly these tensors.

use super::config::{ModelConfig, StackConfig, VisionConfig};

/// A tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedTensor {
    /// Its published name.
    pub name: String,
    /// Its shape as PyTorch prints it.
    pub shape: Vec<usize>,
    /// Its role.
    pub role: TensorRole,
}

/// The role of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// A table, matrix or kernel.
    Product,
    /// Added: biases, and norms stored as offsets from one.
    Offset,
    /// Multiplied: other norms.
    Factor,
}

/// All tensors of a model with this configuration.
pub fn expected_tensors(config: &ModelConfig) -> Vec<ExpectedTensor> {
    let mut tensors = Tensors(Vec::new());
    let hidden = config.hidden_size();
    let table = [config.vocab_size, hidden];
    let mut embedding = |stem: &str| {
        tensors.product(format!("{stem}.weight"), &table);
        if config.encoder.is_some() {
            tensors.vector(format!("{stem}.eoi_embedding"), hidden, TensorRole::Offset);
        }
    };
    if config.encoder.is_some() {
        embedding("model.encoder.embed_tokens");
    }
    // With tied weights there is only one table.
    if config.encoder.is_none() || !config.tied_head {
        embedding("model.decoder.embed_tokens");
    }
    if !config.tied_head {
        tensors.product("lm_head.out_proj.weight", &table);
    }
    tensors.stack("model.decoder", &config.decoder);
    if let Some(encoder) = &config.encoder {
        tensors.stack("model.encoder", &encoder.text);
        if let Some(vision) = &encoder.vision {
            tensors.vision(vision, hidden);
        }
    }
    tensors.0
}

struct Tensors(Vec<ExpectedTensor>);

impl Tensors {
    fn product(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push(ExpectedTensor { name: name.into(), shape: shape.to_vec(), role: TensorRole::Product });
    }

    fn vector(&mut self, name: impl Into<String>, length: usize, role: TensorRole) {
        self.0.push(ExpectedTensor { name: name.into(), shape: vec![length], role });
    }

    /// Encoder or decoder; its norms are offsets from one.
    fn stack(&mut self, name: &str, config: &StackConfig) {
        let (hidden, inner, width) = (config.hidden_size, config.intermediate_size, config.head_dim);
        let (queries, keys) = (config.num_heads * width, config.num_kv_heads * width);
        self.vector(format!("{name}.norm.weight"), hidden, TensorRole::Offset);
        for i in 0..config.layers.len() {
            let layer = format!("{name}.layers.{i}");
            for (part, outputs, inputs, has_bias) in [
                ("self_attn.q_proj", queries, hidden, config.attention_bias),
                ("self_attn.k_proj", keys, hidden, config.attention_bias),
                ("self_attn.v_proj", keys, hidden, config.attention_bias),
                ("self_attn.o_proj", hidden, queries, config.attention_bias),
                ("mlp.gate_proj", inner, hidden, false),
                ("mlp.up_proj", inner, hidden, false),
                ("mlp.down_proj", hidden, inner, false),
            ] {
                self.product(format!("{layer}.{part}.weight"), &[outputs, inputs]);
                if has_bias {
                    self.vector(format!("{layer}.{part}.bias"), outputs, TensorRole::Offset);
                }
            }
            for part in ["q", "k"] {
                self.vector(format!("{layer}.self_attn.{part}_norm.weight"), width, TensorRole::Offset);
            }
            for part in ["pre_self_attn", "post_self_attn", "pre_feedforward", "post_feedforward"] {
                self.vector(format!("{layer}.{part}_layernorm.weight"), hidden, TensorRole::Offset);
            }
        }
    }

    /// SigLIP, whose norms are factors and whose products have biases, and the projector.
    fn vision(&mut self, vision: &VisionConfig, hidden: usize) {
        let (width, inner, patch) = (vision.hidden_size, vision.intermediate_size, vision.patch_size);
        let name = "model.encoder.vision_tower";
        self.product(format!("{name}.embeddings.patch_embedding.weight"), &[width, vision.num_channels, patch, patch]);
        self.vector(format!("{name}.embeddings.patch_embedding.bias"), width, TensorRole::Offset);
        self.product(format!("{name}.embeddings.position_embedding.weight"), &[vision.grid() * vision.grid(), width]);
        for i in 0..vision.num_layers {
            let layer = format!("{name}.encoder.layers.{i}");
            for (part, outputs, inputs) in [
                ("self_attn.q_proj", width, width),
                ("self_attn.k_proj", width, width),
                ("self_attn.v_proj", width, width),
                ("self_attn.out_proj", width, width),
                ("mlp.fc1", inner, width),
                ("mlp.fc2", width, inner),
            ] {
                self.product(format!("{layer}.{part}.weight"), &[outputs, inputs]);
                self.vector(format!("{layer}.{part}.bias"), outputs, TensorRole::Offset);
            }
            for part in ["layer_norm1", "layer_norm2"] {
                self.norm(&format!("{layer}.{part}"), width);
            }
        }
        self.norm(&format!("{name}.post_layernorm"), width);
        let projector = "model.encoder.multi_modal_projector";
        self.product(format!("{projector}.mm_input_projection_weight"), &[width, hidden]);
        self.vector(format!("{projector}.mm_soft_emb_norm.weight"), width, TensorRole::Offset);
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.vector(format!("{name}.weight"), width, TensorRole::Factor);
        self.vector(format!("{name}.bias"), width, TensorRole::Offset);
    }
}
