//! Checkpoint folders made for tests: whole ones, and ones that are wrong in one place.

use std::path::{Path, PathBuf};

use engine::model::config::ModelConfig;
use engine::model::tensors::expected_tensors;
use recto_tests::fixture;
use serde_json::{Map, Value, json};

/// A tensor of a file that is about to be written: its name, type, shape, and bytes of a number.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<usize>,
}

impl Entry {
    fn bytes(&self) -> usize {
        let number_bytes = match self.dtype {
            "F32" => 4,
            "BF16" | "F16" => 2,
            _ => 1,
        };
        number_bytes * self.shape.iter().product::<usize>()
    }
}

/// The configuration of the reference checkpoint `text`.
pub(crate) fn t5_config() -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture("model/text/config.json")).unwrap()).unwrap()
}

/// The configuration of a small Gemma 3 text checkpoint, as such files are published.
pub(crate) fn gemma_config() -> Value {
    json!({
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "vocab_size": 320,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "hidden_activation": "gelu_pytorch_tanh",
        "rms_norm_eps": 1e-6,
        "query_pre_attn_scalar": 16,
        "sliding_window": 8,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "rope_theta": 1e6,
        "rope_local_base_freq": 1e4,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    })
}

/// All tensors that a configuration asks for, in the file's names.
pub(crate) fn entries(config: &Value) -> Vec<Entry> {
    let is_gemma = config["model_type"] == "gemma3_text";
    let config = ModelConfig::from_json(&config.to_string()).unwrap();
    let entry = |name: String, shape| {
        let name = if is_gemma { gemma_name(&name) } else { name };
        Entry { name, dtype: "BF16", shape }
    };
    expected_tensors(&config).into_iter().map(|tensor| entry(tensor.name, tensor.shape)).collect()
}

fn gemma_name(name: &str) -> String {
    name.replace("model.decoder.", "model.")
        .replace("pre_self_attn_layernorm", "input_layernorm")
        .replace("post_self_attn_layernorm", "post_attention_layernorm")
        .replace("lm_head.out_proj", "lm_head")
}

/// The bytes of a safetensors file with this header.
pub(crate) fn with_header(header: &str, data_bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data_bytes]].concat()
}

/// The bytes of a safetensors file of these tensors, all zero, one after the other.
pub(crate) fn safetensors(entries: &[Entry]) -> Vec<u8> {
    let mut header = Map::new();
    let mut at = 0;
    for entry in entries {
        let end = at + entry.bytes();
        header.insert(
            entry.name.clone(),
            json!({ "dtype": entry.dtype, "shape": entry.shape, "data_offsets": [at, end] }),
        );
        at = end;
    }
    with_header(&Value::Object(header).to_string(), at)
}

/// Writes a folder as published, of this configuration, with these tensors.
pub(crate) fn write(folder: &Path, config: &Value, entries: &[Entry]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::copy(fixture("tokenizer/tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    std::fs::write(folder.join("model.safetensors"), safetensors(entries)).unwrap();
    folder.to_owned()
}

/// A small T5Gemma 2 that nothing is wrong with.
pub(crate) fn t5(folder: &Path) -> PathBuf {
    let config = t5_config();
    write(folder, &config, &entries(&config))
}

/// A small Gemma 3 that nothing is wrong with.
pub(crate) fn gemma(folder: &Path) -> PathBuf {
    let config = gemma_config();
    write(folder, &config, &entries(&config))
}
