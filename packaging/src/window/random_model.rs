//! A T5Gemma 2 with random weights, in the shape and with the vocabulary of the tests, at a chosen width. Its answers
//! mean nothing; it reads like the real one.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::process::repository;

/// Width and depth of its stacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    hidden: usize,
    inner: usize,
    layers: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    sliding_window: usize,
}

impl Size {
    /// The tests' size: an unoptimised build encodes a window in seconds.
    pub(crate) const SMALL: Self =
        Self { hidden: 64, inner: 128, layers: 6, heads: 4, kv_heads: 2, head_dim: 32, sliding_window: 64 };

    /// The smallest published size.
    pub(crate) const AS_PUBLISHED: Self =
        Self { hidden: 640, inner: 2048, layers: 18, heads: 4, kv_heads: 1, head_dim: 256, sliding_window: 512 };
}

/// Size of the tests' vocabulary, and its image tokens.
const VOCABULARY: usize = 2286;
const IMAGE_IDS: [(&str, u64); 3] = [("boi_token_index", 2281), ("eoi_token_index", 2282), ("image_token_index", 2283)];

/// One in this many layers is global.
const GLOBAL_EVERY: usize = 6;

/// Random numbers that fill the tensors, repeated.
const NOISE: usize = 1 << 16;

/// Writes the model into a folder.
pub(crate) fn write(folder: &Path, size: Size) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let fixtures = repository().join("tests/fixtures");
    let text = std::fs::read_to_string(fixtures.join("model/image/config.json")).context("no configuration")?;
    let mut config: Value = serde_json::from_str(&text).context("the configuration is not JSON")?;
    stretch(&mut config, size);
    std::fs::write(folder.join("config.json"), config.to_string()).context("cannot write the configuration")?;
    std::fs::copy(fixtures.join("tokenizer/tokenizer.json"), folder.join("tokenizer.json"))
        .context("cannot copy the tokenizer")?;
    let vision = &config["encoder"]["vision_config"];
    let number =
        |name: &str| vision[name].as_u64().map(|number| number as usize).context("the vision tower has no size");
    let eyes = Eyes {
        width: number("hidden_size")?,
        inner: number("intermediate_size")?,
        layers: number("num_hidden_layers")?,
        patch: number("patch_size")?,
        side: number("image_size")?,
    };
    let mut tensors = Tensors::default();
    tensors.add("model.encoder.embed_tokens.weight", &[VOCABULARY, size.hidden]);
    tensors.add("model.encoder.embed_tokens.eoi_embedding", &[size.hidden]);
    tensors.stack("model.encoder", size);
    tensors.stack("model.decoder", size);
    tensors.eyes(&eyes, size.hidden);
    tensors.write(&folder.join("model.safetensors")).context("cannot write the weights")
}

/// Changes vocabulary and size in the tests' configuration.
fn stretch(config: &mut Value, size: Size) {
    let kind = |layer: usize| match (layer + 1) % GLOBAL_EVERY {
        0 => "full_attention",
        _ => "sliding_attention",
    };
    let of_stack = json!({
        "vocab_size": VOCABULARY, "hidden_size": size.hidden, "intermediate_size": size.inner,
        "num_hidden_layers": size.layers, "num_attention_heads": size.heads, "num_key_value_heads": size.kv_heads,
        "head_dim": size.head_dim, "query_pre_attn_scalar": size.head_dim, "sliding_window": size.sliding_window,
        "layer_types": (0..size.layers).map(kind).collect::<Vec<_>>(), "max_position_embeddings": 131_072,
    });
    let set = |value: &mut Value, names: &Value| {
        for (name, to) in names.as_object().into_iter().flatten() {
            value[name] = to.clone();
        }
    };
    set(&mut config["decoder"], &of_stack);
    set(&mut config["encoder"]["text_config"], &of_stack);
    config["vocab_size"] = VOCABULARY.into();
    for (name, id) in IMAGE_IDS {
        for place in ["", "/encoder"] {
            if let Some(value) = config.pointer_mut(&format!("{place}/{name}")) {
                *value = id.into();
            }
        }
    }
}

/// The vision tower's size.
struct Eyes {
    width: usize,
    inner: usize,
    layers: usize,
    patch: usize,
    side: usize,
}

/// Names and shapes, in file order.
#[derive(Default)]
struct Tensors(Vec<(String, Vec<usize>)>);

impl Tensors {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push((name.into(), shape.to_vec()));
    }

    fn stack(&mut self, name: &str, size: Size) {
        let (hidden, inner) = (size.hidden, size.inner);
        let (queries, keys) = (size.heads * size.head_dim, size.kv_heads * size.head_dim);
        self.add(format!("{name}.norm.weight"), &[hidden]);
        for layer in (0..size.layers).map(|layer| format!("{name}.layers.{layer}")) {
            for (part, outputs, inputs) in [
                ("self_attn.q_proj", queries, hidden),
                ("self_attn.k_proj", keys, hidden),
                ("self_attn.v_proj", keys, hidden),
                ("self_attn.o_proj", hidden, queries),
                ("mlp.gate_proj", inner, hidden),
                ("mlp.up_proj", inner, hidden),
                ("mlp.down_proj", hidden, inner),
            ] {
                self.add(format!("{layer}.{part}.weight"), &[outputs, inputs]);
            }
            for part in ["q", "k"] {
                self.add(format!("{layer}.self_attn.{part}_norm.weight"), &[size.head_dim]);
            }
            for part in ["pre_self_attn", "post_self_attn", "pre_feedforward", "post_feedforward"] {
                self.add(format!("{layer}.{part}_layernorm.weight"), &[hidden]);
            }
        }
    }

    fn eyes(&mut self, eyes: &Eyes, hidden: usize) {
        let (width, places) = (eyes.width, (eyes.side / eyes.patch).pow(2));
        let tower = "model.encoder.vision_tower";
        self.add(format!("{tower}.embeddings.patch_embedding.weight"), &[width, 3, eyes.patch, eyes.patch]);
        self.add(format!("{tower}.embeddings.patch_embedding.bias"), &[width]);
        self.add(format!("{tower}.embeddings.position_embedding.weight"), &[places, width]);
        for layer in (0..eyes.layers).map(|layer| format!("{tower}.encoder.layers.{layer}")) {
            for (part, outputs, inputs) in [
                ("self_attn.q_proj", width, width),
                ("self_attn.k_proj", width, width),
                ("self_attn.v_proj", width, width),
                ("self_attn.out_proj", width, width),
                ("mlp.fc1", eyes.inner, width),
                ("mlp.fc2", width, eyes.inner),
            ] {
                self.add(format!("{layer}.{part}.weight"), &[outputs, inputs]);
                self.add(format!("{layer}.{part}.bias"), &[outputs]);
            }
            for part in ["layer_norm1", "layer_norm2"] {
                self.add(format!("{layer}.{part}.weight"), &[width]);
                self.add(format!("{layer}.{part}.bias"), &[width]);
            }
        }
        self.add(format!("{tower}.post_layernorm.weight"), &[width]);
        self.add(format!("{tower}.post_layernorm.bias"), &[width]);
        let projector = "model.encoder.multi_modal_projector";
        self.add(format!("{projector}.mm_input_projection_weight"), &[width, hidden]);
        self.add(format!("{projector}.mm_soft_emb_norm.weight"), &[width]);
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut header = Map::new();
        let mut end = 0;
        for (name, shape) in &self.0 {
            let start = end;
            end += 2 * shape.iter().product::<usize>();
            header.insert(name.clone(), json!({ "dtype": "BF16", "shape": shape, "data_offsets": [start, end] }));
        }
        let mut header = Value::Object(header).to_string();
        header.push_str(&" ".repeat(header.len().wrapping_neg() % 8));
        let noise = noise();
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        let mut chance = noise.iter().cycle();
        for (_, shape) in &self.0 {
            let count = shape.iter().product();
            if shape.len() > 1 {
                for number in chance.by_ref().take(count) {
                    file.write_all(number)?;
                }
            } else {
                // Norm weights are offsets or factors; small numbers suit both.
                file.write_all(&vec![0; 2 * count])?;
            }
        }
        Ok(file.flush()?)
    }
}

/// Small bf16 numbers, the same every time.
fn noise() -> Vec<[u8; 2]> {
    let mut state = 0x9e37_79b9_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = ((state >> 8) as f32 / (1 << 24) as f32 - 0.5) * 0.1;
        ((value.to_bits() >> 16) as u16).to_le_bytes()
    };
    (0..=NOISE).map(|_| number()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_long_as_its_header_says() {
        let folder = crate::window::display::Scratch::new(&std::env::current_dir().unwrap(), "chance").unwrap();
        write(&folder.0, Size::SMALL).unwrap();
        let bytes = std::fs::read(folder.0.join("model.safetensors")).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header: Map<String, Value> = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let end = header.values().map(|tensor| tensor["data_offsets"][1].as_u64().unwrap()).max().unwrap();
        assert_eq!(bytes.len(), 8 + length + end as usize);
        let config = std::fs::read_to_string(folder.0.join("config.json")).unwrap();
        assert!(config.contains("\"vocab_size\":2286") && !config.contains("\"vocab_size\":320"));
    }
}
