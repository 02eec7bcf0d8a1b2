//! The configuration of a Gemma 3 GGUF file.

use super::{Activation, LayerKind, ModelConfig, RopeConfig, StackConfig, TokenIds};
use crate::weights::gguf::{GgufHyper, GgufVocabulary, RopeScaling};

impl ModelConfig {
    /// A decoder-only model, from a GGUF file's header. What the header lacks is fixed by Gemma 3: its activation, no biases.
    pub fn from_gguf(hyper: &GgufHyper, vocabulary: &GgufVocabulary, own_head: bool) -> Self {
        let factor = match hyper.rope_scaling {
            RopeScaling::None => 1.0,
            RopeScaling::Linear(factor) => factor,
        };
        let decoder = StackConfig {
            hidden_size: hyper.hidden,
            intermediate_size: hyper.feed_forward,
            num_heads: hyper.heads,
            num_kv_heads: hyper.kv_heads,
            head_dim: hyper.head_dim,
            rms_norm_eps: hyper.rms_norm_eps,
            query_pre_attn_scalar: hyper.query_pre_attn_scalar,
            sliding_window: hyper.sliding_window,
            layers: (1..=hyper.layers).map(|number| LayerKind::every(hyper.global_every, number)).collect(),
            local_rope: RopeConfig { theta: hyper.rope_local_base, factor: 1.0 },
            global_rope: RopeConfig { theta: hyper.rope_base, factor },
            activation: Activation::GeluTanh,
            attention_bias: false,
        };
        Self {
            encoder: None,
            decoder,
            vocab_size: hyper.vocabulary,
            tied_head: !own_head,
            final_logit_softcapping: hyper.logit_softcap,
            tokens: TokenIds {
                bos: vocabulary.bos,
                eos: vec![vocabulary.eos],
                pad: vocabulary.padding.unwrap_or_default(),
            },
            unknown_fields: Vec::new(),
        }
    }
}
