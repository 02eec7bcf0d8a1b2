//! GGUF files: what comes out of sound ones, and what is said of damaged ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use engine::prompt::GgufVocabulary;
use engine::weights::gguf::{GgufError, GgufHeader, GgufHyper, GgufModel, RopeScaling, TokenType};
use proptest::prelude::*;

const HIDDEN: usize = 256;
const WORDS: [&str; 6] = ["<pad>", "<eos>", "<bos>", "<unk>", "▁a", "<0x0A>"];

/// A GGUF file in the making: sound unless a test changes it.
pub(crate) struct Draft {
    pub(crate) metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, QTensor>,
}

impl Draft {
    /// A Gemma 3 of two layers with matrices of the given type.
    pub(crate) fn new(dtype: GgmlDType) -> Self {
        let mut metadata = BTreeMap::new();
        for (key, number) in [
            ("context_length", 64),
            ("embedding_length", HIDDEN),
            ("block_count", 2),
            ("feed_forward_length", 512),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
            ("attention.key_length", 256),
            ("attention.value_length", 256),
            ("attention.sliding_window", 16),
        ] {
            metadata.insert(format!("gemma3.{key}"), Value::U32(number as u32));
        }
        metadata.insert("gemma3.attention.layer_norm_rms_epsilon".to_owned(), Value::F32(1e-6));
        metadata.insert("gemma3.rope.freq_base".to_owned(), Value::F32(1e6));
        metadata.insert("general.architecture".to_owned(), text("gemma3"));
        metadata.insert("tokenizer.ggml.model".to_owned(), text("llama"));
        metadata.insert("tokenizer.ggml.tokens".to_owned(), Value::Array(WORDS.map(text).to_vec()));
        metadata.insert("tokenizer.ggml.scores".to_owned(), Value::Array(vec![Value::F32(-1.5); WORDS.len()]));
        let types = [3, 3, 3, 2, 1, 6].map(Value::I32).to_vec();
        metadata.insert("tokenizer.ggml.token_type".to_owned(), Value::Array(types));
        for (key, id) in [("padding", 0), ("eos", 1), ("bos", 2), ("unknown", 3)] {
            metadata.insert(format!("tokenizer.ggml.{key}_token_id"), Value::U32(id));
        }
        let mut draft = Self { metadata, tensors: BTreeMap::new() };
        draft.add("token_embd", &[WORDS.len(), HIDDEN], dtype);
        draft.add("output_norm", &[HIDDEN], GgmlDType::F32);
        for layer in 0..2 {
            draft.add_layer(layer, dtype);
        }
        draft
    }

    fn add_layer(&mut self, layer: usize, dtype: GgmlDType) {
        let norms = ["attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "attn_q_norm", "attn_k_norm"];
        for name in norms {
            self.add(&format!("blk.{layer}.{name}"), &[HIDDEN], GgmlDType::F32);
        }
        for (name, rows, columns) in [
            ("attn_q", 512, 256),
            ("attn_k", 256, 256),
            ("attn_v", 256, 256),
            ("attn_output", 256, 512),
            ("ffn_gate", 512, 256),
            ("ffn_up", 512, 256),
            ("ffn_down", 256, 512),
        ] {
            self.add(&format!("blk.{layer}.{name}"), &[rows, columns], dtype);
        }
    }

    /// The same with a vocabulary, and room for a prompt.
    pub(crate) fn speaking(mut self, vocabulary: &GgufVocabulary) -> Self {
        let count = vocabulary.tokens.len();
        let array = |values: Vec<Value>| Value::Array(values);
        let words = vocabulary.tokens.iter().map(|word| text(word)).collect();
        self.metadata.insert("tokenizer.ggml.tokens".to_owned(), array(words));
        let scores = vocabulary.scores.iter().map(|score| Value::F32(*score)).collect();
        self.metadata.insert("tokenizer.ggml.scores".to_owned(), array(scores));
        let types = vocabulary.token_types.iter().map(|kind| Value::I32(*kind as i32)).collect();
        self.metadata.insert("tokenizer.ggml.token_type".to_owned(), array(types));
        self.metadata.insert("gemma3.context_length".to_owned(), Value::U32(4096));
        self.add("token_embd", &[count, HIDDEN], GgmlDType::F32);
        self
    }

    fn add(&mut self, name: &str, shape: &[usize], dtype: GgmlDType) {
        let dense = Tensor::randn(0_f32, 1.0, shape, &Device::Cpu).unwrap();
        self.tensors.insert(format!("{name}.weight"), QTensor::quantize(&dense, dtype).unwrap());
    }

    pub(crate) fn write(&self, path: &Path) {
        let metadata: Vec<_> = self.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<_> = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        gguf_file::write(&mut File::options().write(true).create_new(true).open(path).unwrap(), &metadata, &tensors)
            .unwrap();
    }

    fn stored(&self, name: &str) -> Vec<f32> {
        numbers(&self.tensors[name].dequantize(&Device::Cpu).unwrap())
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Opens what `change` makes of a sound draft.
fn open_changed(change: impl FnOnce(&mut Draft)) -> Result<GgufModel, GgufError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let mut draft = Draft::new(GgmlDType::Q8_0);
    change(&mut draft);
    draft.write(&path);
    GgufModel::open(&path)
}

#[test]
fn tensors_of_every_type_come_out_as_candle_reads_them() {
    use GgmlDType::{BF16, F16, F32, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    let folder = tempfile::tempdir().unwrap();
    for dtype in [F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2K, Q3K, Q4K, Q5K, Q6K] {
        let draft = Draft::new(dtype);
        let path = folder.path().join(format!("{dtype:?}.gguf"));
        draft.write(&path);
        let model = GgufModel::open(&path).unwrap();
        for (stored, canonical) in [
            ("token_embd.weight", "model.decoder.embed_tokens.weight"),
            ("blk.0.attn_q.weight", "model.decoder.layers.0.self_attn.q_proj.weight"),
            ("blk.1.attn_k.weight", "model.decoder.layers.1.self_attn.k_proj.weight"),
            ("blk.1.attn_v.weight", "model.decoder.layers.1.self_attn.v_proj.weight"),
            ("blk.1.attn_output.weight", "model.decoder.layers.1.self_attn.o_proj.weight"),
            ("blk.0.ffn_gate.weight", "model.decoder.layers.0.mlp.gate_proj.weight"),
            ("blk.0.ffn_up.weight", "model.decoder.layers.0.mlp.up_proj.weight"),
            ("blk.0.ffn_down.weight", "model.decoder.layers.0.mlp.down_proj.weight"),
        ] {
            assert_eq!(numbers(&model.tensor(canonical).unwrap()), draft.stored(stored), "{dtype:?} {canonical}");
        }
        assert_eq!(model.quantized("model.decoder.layers.0.mlp.up_proj.weight").unwrap().dtype(), dtype);
    }
}

#[test]
fn norm_weights_come_out_as_offsets_from_one() {
    let folder = tempfile::tempdir().unwrap();
    let draft = Draft::new(GgmlDType::Q8_0);
    draft.write(&folder.path().join("model.gguf"));
    let model = GgufModel::open(&folder.path().join("model.gguf")).unwrap();
    for (stored, canonical) in [
        ("output_norm", "model.decoder.norm"),
        ("blk.0.attn_norm", "model.decoder.layers.0.pre_self_attn_layernorm"),
        ("blk.0.post_attention_norm", "model.decoder.layers.0.post_self_attn_layernorm"),
        ("blk.0.ffn_norm", "model.decoder.layers.0.pre_feedforward_layernorm"),
        ("blk.1.post_ffw_norm", "model.decoder.layers.1.post_feedforward_layernorm"),
        ("blk.1.attn_q_norm", "model.decoder.layers.1.self_attn.q_norm"),
        ("blk.1.attn_k_norm", "model.decoder.layers.1.self_attn.k_norm"),
    ] {
        let expected: Vec<f32> = draft.stored(&format!("{stored}.weight")).iter().map(|weight| weight - 1.0).collect();
        assert_eq!(numbers(&model.tensor(&format!("{canonical}.weight")).unwrap()), expected, "{canonical}");
    }
    assert!(model.quantized("model.decoder.norm.weight").is_err());
}

#[test]
fn shapes_are_rows_by_columns() {
    let model = open_changed(|_| ()).unwrap();
    assert_eq!(model.shape("model.decoder.layers.0.self_attn.q_proj.weight"), Some(&[512, 256][..]));
    assert_eq!(model.shape("model.decoder.layers.0.mlp.down_proj.weight"), Some(&[256, 512][..]));
    assert_eq!(model.shape("no such tensor"), None);
}

#[test]
fn what_the_file_does_not_say_is_gemma_3s() {
    let model = open_changed(|_| ()).unwrap();
    let hyper = &model.hyper;
    assert_eq!((hyper.layers, hyper.hidden, hyper.feed_forward, hyper.vocabulary), (2, 256, 512, WORDS.len()));
    assert_eq!((hyper.heads, hyper.kv_heads, hyper.head_dim, hyper.sliding_window), (2, 1, 256, 16));
    assert_eq!((hyper.rope_base, hyper.rope_local_base, hyper.rope_scaling), (1e6, 1e4, RopeScaling::None));
    let global: Vec<_> = (0..18).filter(|layer| hyper.is_global(*layer)).collect();
    assert_eq!(global, [5, 11, 17]);
    assert_eq!((hyper.attention_scale(), hyper.embedding_scale()), (0.0625, 16.0));
    assert!(!model.has_own_head());
    let vocabulary = &model.vocabulary;
    assert_eq!(vocabulary.tokens, WORDS);
    assert_eq!((vocabulary.bos, vocabulary.eos, vocabulary.unknown, vocabulary.padding), (2, 1, Some(3), Some(0)));
    assert_eq!(vocabulary.token_types[4..], [TokenType::Normal, TokenType::Byte]);
}

#[test]
fn what_the_file_says_of_scaling_counts() {
    let model = open_changed(|draft| {
        draft.metadata.insert("gemma3.rope.scaling.type".to_owned(), text("linear"));
        draft.metadata.insert("gemma3.rope.scaling.factor".to_owned(), Value::F32(8.0));
    });
    assert_eq!(model.unwrap().hyper.rope_scaling, RopeScaling::Linear(8.0));
}

#[test]
fn a_head_of_its_own_is_seen() {
    let model = open_changed(|draft| draft.add("output", &[WORDS.len(), HIDDEN], GgmlDType::F16)).unwrap();
    assert!(model.has_own_head());
    model.tensor("lm_head.out_proj.weight").unwrap();
}

type Change = Box<dyn FnOnce(&mut Draft)>;

#[test]
fn files_for_other_networks_are_refused_with_the_reason() {
    let set =
        |key: &'static str, value: Value| move |draft: &mut Draft| drop(draft.metadata.insert(key.to_owned(), value));
    let cases: [(Change, &str); 12] = [
        (Box::new(set("general.architecture", text("llama"))), "architecture `llama`"),
        (Box::new(set("general.alignment", Value::U32(0))), "alignment of 0"),
        (Box::new(set("gemma3.block_count", Value::U32(0))), "gemma3.block_count"),
        (Box::new(set("gemma3.block_count", Value::U32(3))), "no tensor `blk.2."),
        (Box::new(set("gemma3.embedding_length", Value::U32(128))), "`token_embd.weight` has the shape [6, 256]"),
        (Box::new(set("gemma3.attention.value_length", Value::U32(128))), "value_length` = 128"),
        (Box::new(set("gemma3.rope.scaling.type", text("yarn"))), "scaling.type` = yarn"),
        (Box::new(set("gemma3.attention.layer_norm_rms_epsilon", Value::F32(f32::NAN))), "layer_norm_rms_epsilon"),
        (Box::new(set("tokenizer.ggml.model", text("gpt2"))), "`gpt2`"),
        (Box::new(set("tokenizer.ggml.bos_token_id", Value::U32(6))), "bos_token_id"),
        (Box::new(|draft| drop(draft.tensors.remove("blk.1.ffn_up.weight"))), "no tensor `blk.1.ffn_up.weight`"),
        (Box::new(|draft| draft.add("blk.0.attn_q.bias", &[256], GgmlDType::F32)), "that Gemma 3 does not have"),
    ];
    for (change, reason) in cases {
        let error = open_changed(change).expect_err(reason).to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

/// Little-endian bytes of a header, piece by piece.
fn header(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

fn counted(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A tensor's entry: name, extents, type and offset.
fn tensor(name: &str, extents: &[u64], kind: u32, offset: u64) -> Vec<u8> {
    let mut entry = counted(name);
    entry.extend((extents.len() as u32).to_le_bytes());
    entry.extend(extents.iter().flat_map(|extent| extent.to_le_bytes()));
    entry.extend(kind.to_le_bytes());
    entry.extend(offset.to_le_bytes());
    entry
}

fn with_tensors(tensors: &[Vec<u8>]) -> Vec<u8> {
    let count = (tensors.len() as u64).to_le_bytes();
    let mut bytes = header(&[b"GGUF", &3_u32.to_le_bytes(), &count, &0_u64.to_le_bytes()]);
    bytes.extend(tensors.concat());
    bytes.resize(bytes.len().next_multiple_of(32) + 256, 0);
    bytes
}

#[test]
fn damaged_headers_are_named() {
    let huge = u64::MAX.to_le_bytes();
    let (none, one) = (0_u64.to_le_bytes(), 1_u64.to_le_bytes());
    let array = |kind: u32, count: u64| {
        [counted("k"), 9_u32.to_le_bytes().into(), kind.to_le_bytes().into(), count.to_le_bytes().into()].concat()
    };
    let start: Vec<u8> = [b"GGUF".as_slice(), &3_u32.to_le_bytes()].concat();
    for (bytes, reason) in [
        (b"".to_vec(), "not a GGUF"),
        (b"PK\x03\x04 a zip file".to_vec(), "not a GGUF"),
        (header(&[b"GGUF", &9_u32.to_le_bytes(), &none, &none]), "version 9"),
        (header(&[b"GGUF", &3_u32.to_be_bytes(), &none, &none]), "big-endian"),
        (header(&[&start, &huge, &none]), "18446744073709551615 tensors"),
        (header(&[&start, &none, &huge]), "18446744073709551615 metadata entries"),
        (header(&[&start, &one, &none]), "truncated"),
        (header(&[&start, &none, &one, &huge, &[0; 9]]), "truncated: a key"),
        (header(&[&start, &none, &one, &array(8, 1 << 40)]), "elements of `k`"),
        (header(&[&start, &none, &one, &array(6, 1 << 20)]), "truncated: k"),
        (header(&[&start, &none, &one, &array(9, 1)]), "array of arrays"),
        (header(&[&start, &none, &one, &array(77, 1)]), "unknown type 77"),
        (with_tensors(&[tensor("t", &[8], 0, 1 << 40)]), "truncated: the tensor `t`"),
        (with_tensors(&[tensor("t", &[1 << 40], 0, 0)]), "truncated: the tensor `t`"),
        (with_tensors(&[tensor("t", &[1 << 40, 1 << 40], 0, 0)]), "impossible extent"),
        (with_tensors(&[tensor("t", &[0, 4], 0, 0)]), "no elements"),
        (with_tensors(&[tensor("t", &[], 0, 0)]), "0 dimensions"),
        (with_tensors(&[tensor("t", &[8], 0, 3)]), "not aligned"),
        (with_tensors(&[tensor("t", &[16, 2], 8, 0)]), "divide into blocks"),
        (with_tensors(&[tensor("t", &[8], 15, 0)]), "type Q8_K"),
        (with_tensors(&[tensor("t", &[8], 99, 0)]), "type 99"),
        (with_tensors(&[tensor("t", &[8], 0, 0), tensor("t", &[8], 0, 32)]), "appears twice"),
        (with_tensors(&[tensor("a", &[16], 0, 0), tensor("b", &[8], 0, 32)]), "`a` and `b` overlap"),
    ] {
        let error = GgufHeader::read(bytes.as_slice(), bytes.len() as u64).expect_err(reason).to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    Draft::new(GgmlDType::Q4_0).write(&path);
    let whole = path.metadata().unwrap().len();
    // From long to short: to make a file longer again would fill it with zeros.
    for keep in [whole - 64, whole / 2, 1000, 100, 24, 12, 3, 0] {
        File::options().write(true).open(&path).unwrap().set_len(keep).unwrap();
        assert!(GgufModel::open(&path).is_err(), "{keep} of {whole} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_damage_to_a_header_brings_the_reader_down(
        changes in prop::collection::vec((0_usize..4096, any::<u8>()), 1..6),
        keep in 0_usize..8192,
    ) {
        static SOUND: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model.gguf");
            Draft::new(GgmlDType::Q8_0).write(&path);
            std::fs::read(&path).unwrap()
        });
        let mut bytes = SOUND.clone();
        for (place, value) in changes {
            bytes[place] = value;
        }
        if keep < 4096 {
            bytes.truncate(keep);
        }
        if let Ok(header) = GgufHeader::read(bytes.as_slice(), bytes.len() as u64) {
            let _ = GgufHyper::from_header(&header);
        }
    }
}
