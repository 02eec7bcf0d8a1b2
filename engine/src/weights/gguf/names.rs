//! Tensor names in a GGUF file, and in T5Gemma 2's decoder, which has the same layers.

use super::GgufHyper;

/// Canonical name of the output head's own weights.
pub(super) const HEAD: &str = "lm_head.out_proj.weight";

/// A tensor of the architecture.
pub(super) struct Expected {
    /// Name in the file.
    pub(super) stored_name: String,
    /// Name in T5Gemma 2's decoder.
    pub(super) canonical_name: String,
    /// Shape as in PyTorch.
    pub(super) shape: Vec<usize>,
    /// Stored as 1 + w.
    pub(super) has_one_added: bool,
    /// May be missing.
    pub(super) optional: bool,
}

/// All tensors of a model with these hyperparameters.
pub(super) fn expected(hyper: &GgufHyper) -> Vec<Expected> {
    let (hidden, queries, keys) = (hyper.hidden, hyper.heads * hyper.head_dim, hyper.kv_heads * hyper.head_dim);
    let mut all = vec![
        matrix("token_embd.weight", "model.decoder.embed_tokens.weight", hyper.vocabulary, hidden),
        norm("output_norm.weight", "model.decoder.norm.weight", hidden),
        Expected { optional: true, ..matrix("output.weight", HEAD, hyper.vocabulary, hidden) },
    ];
    let norms = [
        ("attn_norm", "pre_self_attn_layernorm", hidden),
        ("post_attention_norm", "post_self_attn_layernorm", hidden),
        ("ffn_norm", "pre_feedforward_layernorm", hidden),
        ("post_ffw_norm", "post_feedforward_layernorm", hidden),
        ("attn_q_norm", "self_attn.q_norm", hyper.head_dim),
        ("attn_k_norm", "self_attn.k_norm", hyper.head_dim),
    ];
    let matrices = [
        ("attn_q", "self_attn.q_proj", queries, hidden),
        ("attn_k", "self_attn.k_proj", keys, hidden),
        ("attn_v", "self_attn.v_proj", keys, hidden),
        ("attn_output", "self_attn.o_proj", hidden, queries),
        ("ffn_gate", "mlp.gate_proj", hyper.feed_forward, hidden),
        ("ffn_up", "mlp.up_proj", hyper.feed_forward, hidden),
        ("ffn_down", "mlp.down_proj", hidden, hyper.feed_forward),
    ];
    for layer in 0..hyper.layers {
        let stored = |name: &str| format!("blk.{layer}.{name}.weight");
        let canonical = |name: &str| format!("model.decoder.layers.{layer}.{name}.weight");
        all.extend(norms.iter().map(|(from, to, width)| norm(&stored(from), &canonical(to), *width)));
        all.extend(
            matrices.iter().map(|(from, to, rows, columns)| matrix(&stored(from), &canonical(to), *rows, *columns)),
        );
    }
    all
}

fn matrix(stored: &str, canonical: &str, rows: usize, columns: usize) -> Expected {
    Expected {
        stored_name: stored.to_owned(),
        canonical_name: canonical.to_owned(),
        shape: vec![rows, columns],
        has_one_added: false,
        optional: false,
    }
}

fn norm(stored: &str, canonical: &str, width: usize) -> Expected {
    Expected {
        stored_name: stored.to_owned(),
        canonical_name: canonical.to_owned(),
        shape: vec![width],
        has_one_added: true,
        optional: false,
    }
}
