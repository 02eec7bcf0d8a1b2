//! The files of a small Gemma 3 as it is published, with random weights. Nothing is wrong with it.

use serde_json::{Map, Value, json};

use super::chance::Chance;

/// Width of its hidden state.
pub(super) const HIDDEN: usize = 32;
const INNER: usize = 64;
const HEAD: usize = 16;
const LAYERS: usize = 2;

/// `config.json`.
pub(super) fn config(vocabulary: usize) -> String {
    json!({
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "vocab_size": vocabulary,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": HEAD,
        "hidden_activation": "gelu_pytorch_tanh",
        "rms_norm_eps": 1e-6,
        "query_pre_attn_scalar": HEAD,
        "sliding_window": 64,
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_theta": 1e6,
        "rope_local_base_freq": 1e4,
        "max_position_embeddings": 4096,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    })
    .to_string()
}

/// A tensor's names in checkpoints and in GGUF files, and its shape.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) gguf_name: String,
    pub(super) shape: Vec<usize>,
}

/// Its tensors.
pub(super) fn tensors(vocabulary: usize) -> Vec<Planned> {
    let planned = |name: String, gguf: String, shape: &[usize]| Planned {
        name: format!("model.{name}.weight"),
        gguf_name: format!("{gguf}.weight"),
        shape: shape.to_vec(),
    };
    let mut all = vec![
        planned("embed_tokens".into(), "token_embd".into(), &[vocabulary, HIDDEN]),
        planned("norm".into(), "output_norm".into(), &[HIDDEN]),
    ];
    for layer in 0..LAYERS {
        for (name, gguf, shape) in [
            ("input_layernorm", "attn_norm", vec![HIDDEN]),
            ("post_attention_layernorm", "post_attention_norm", vec![HIDDEN]),
            ("pre_feedforward_layernorm", "ffn_norm", vec![HIDDEN]),
            ("post_feedforward_layernorm", "post_ffw_norm", vec![HIDDEN]),
            ("self_attn.q_norm", "attn_q_norm", vec![HEAD]),
            ("self_attn.k_norm", "attn_k_norm", vec![HEAD]),
            ("self_attn.q_proj", "attn_q", vec![2 * HEAD, HIDDEN]),
            ("self_attn.k_proj", "attn_k", vec![HEAD, HIDDEN]),
            ("self_attn.v_proj", "attn_v", vec![HEAD, HIDDEN]),
            ("self_attn.o_proj", "attn_output", vec![HIDDEN, 2 * HEAD]),
            ("mlp.gate_proj", "ffn_gate", vec![INNER, HIDDEN]),
            ("mlp.up_proj", "ffn_up", vec![INNER, HIDDEN]),
            ("mlp.down_proj", "ffn_down", vec![HIDDEN, INNER]),
        ] {
            all.push(planned(format!("layers.{layer}.{name}"), format!("blk.{layer}.{gguf}"), &shape));
        }
    }
    all
}

/// The header of `model.safetensors`, and how many bytes follow it.
pub(super) fn header(vocabulary: usize) -> (Map<String, Value>, usize) {
    let mut header = Map::new();
    let mut at = 0;
    for tensor in tensors(vocabulary) {
        let end = at + 2 * tensor.shape.iter().product::<usize>();
        header.insert(tensor.name, json!({ "dtype": "BF16", "shape": tensor.shape, "data_offsets": [at, end] }));
        at = end;
    }
    (header, at)
}

/// `model.safetensors` with this header and so many bytes of small numbers.
pub(super) fn safetensors(header: &[u8], data: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(bf16(data, chance));
    bytes
}

/// Small numbers of two bytes each.
fn bf16(bytes: usize, chance: &mut Chance) -> Vec<u8> {
    // Exponents near that of 0.03; the sign and the rest are random.
    (0..bytes / 2).flat_map(|_| [chance.next() as u8, 0x3d | (chance.next() as u8 & 0x80)]).collect()
}

/// Small numbers of four bytes each.
pub(super) fn f32s(count: usize, chance: &mut Chance) -> Vec<u8> {
    (0..count).flat_map(|_| [0, 0, chance.next() as u8, 0x3d | (chance.next() as u8 & 0x80)]).collect()
}
