//! What is checked before a model is installed: each thing that can be wrong with a checkpoint is named, exactly, and nothing
//! is installed; whatever a header says, looking at it ends well.

use std::path::{Path, PathBuf};

use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::hub::{Catalogue, HubError, plan_addition};
use engine::model::config::ModelConfig;
use engine::model::tensors::expected_tensors;
use engine::store::Directories;
use engine::store::models::{ModelKind, ModelStore};
use proptest::prelude::*;
use recto_tests::fixture;
use serde_json::{Value, json};

use crate::checkpoints::{Entry, entries, gemma, gemma_config, safetensors, t5, t5_config, with_header, write};
use crate::counting::asked_bytes;

/// Memory that looking at a small file may ask for, tokenizer and buffers included.
const MOST_BYTES: u64 = 32 << 20;

/// Looks at a model, which must not take much memory whatever its files say.
fn plan(path: &Path) -> Result<(), HubError> {
    let (result, asked_bytes) =
        asked_bytes(|| plan_addition(&[path.to_owned()], None, &Catalogue { models: Vec::new() }).map(|_| ()));
    assert!(asked_bytes < MOST_BYTES, "{asked_bytes} bytes for {}", path.display());
    result
}

/// What is said of a folder that is no model, in one line with a hint.
fn refused(folder: &Path) -> String {
    let error = plan(folder).expect_err("a folder that is wrong");
    assert!(error.hint().is_some(), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
    error.to_string()
}

#[test]
fn what_is_looked_for_is_what_is_loaded() {
    // The reference checkpoints were loaded and compared elsewhere, so they hold exactly what loading asks for.
    let mut num_checked = 0;
    for folder in std::fs::read_dir(fixture("model")).unwrap().flatten() {
        let (config, weights) = (folder.path().join("config.json"), folder.path().join("model.safetensors"));
        if !weights.is_file() {
            continue;
        }
        let config = ModelConfig::from_json(&std::fs::read_to_string(config).unwrap()).unwrap();
        let stored = candle_core::safetensors::load(&weights, &candle_core::Device::Cpu).unwrap();
        let stored_name = |name: &str| {
            [name.to_owned(), name.replace("vision_tower.", "vision_tower.vision_model.")]
                .into_iter()
                .find(|name| stored.contains_key(name))
        };
        let expected = expected_tensors(&config);
        for tensor in &expected {
            let name =
                stored_name(&tensor.name).unwrap_or_else(|| panic!("{}: {}", folder.path().display(), tensor.name));
            assert_eq!(stored[&name].dims(), tensor.shape, "{name}");
        }
        assert_eq!(expected.len(), stored.len(), "{}", folder.path().display());
        num_checked += 1;
    }
    assert!(num_checked >= 8, "{num_checked}");
}

#[test]
fn whole_checkpoints_are_installed_whatever_their_file_is_called() {
    let root = tempfile::tempdir().unwrap();
    let store = ModelStore::new(&Directories::under(root.path()));
    for (folder, kind) in
        [(t5(&root.path().join("t5")), ModelKind::T5Gemma2), (gemma(&root.path().join("g3")), ModelKind::Gemma3)]
    {
        std::fs::rename(folder.join("model.safetensors"), folder.join("weights.safetensors")).unwrap();
        let addition = plan_addition(&[folder], None, &Catalogue { models: Vec::new() }).unwrap();
        let manifest = addition.install(&store, true, &CancelToken::default(), &mut |_| ()).unwrap();
        assert_eq!(manifest.kind, kind);
        let names: Vec<_> = manifest.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["model.safetensors", "config.json", "tokenizer.json"]);
    }
}

#[test]
fn a_configuration_that_lies_is_found_out() {
    type Change = fn(&mut Value);
    let root = tempfile::tempdir().unwrap();
    let changes: [(&str, &[&str], Change); 14] = [
        ("negative", &["decoder.hidden_size = -64", "whole number"], |c| c["decoder"]["hidden_size"] = json!(-64)),
        ("zero", &["decoder.head_dim = 0"], |c| c["decoder"]["head_dim"] = json!(0)),
        ("huge", &["decoder.intermediate_size"], |c| c["decoder"]["intermediate_size"] = json!(u64::MAX)),
        ("endless", &["num_hidden_layers = 1000000", "1,024"], |c| {
            c["decoder"]["num_hidden_layers"] = json!(1_000_000);
            c["decoder"]["layer_types"] = Value::Null;
        }),
        ("text", &["decoder.vocab_size = \"320\""], |c| c["decoder"]["vocab_size"] = json!("320")),
        ("missing", &["lacks decoder.num_attention_heads"], |c| {
            c["decoder"].as_object_mut().unwrap().remove("num_attention_heads");
        }),
        ("kinds", &["layer_types", "7 entries"], |c| c["decoder"]["layer_types"] = json!(["full_attention"])),
        ("heads", &["num_key_value_heads = 3", "divisor"], |c| c["decoder"]["num_key_value_heads"] = json!(3)),
        ("width", &["model.decoder.layers.0.self_attn.q_proj.weight", "[64, 64]", "[128, 64]"], |c| {
            c["decoder"]["num_attention_heads"] = json!(8);
        }),
        ("vocabulary", &["vocab_size"], |c| c["decoder"]["vocab_size"] = json!(321)),
        ("fewer", &["6 layers model.decoder.layers.*", "model.decoder.layers.6."], |c| {
            c["decoder"]["num_hidden_layers"] = json!(6);
            c["decoder"]["layer_types"].as_array_mut().unwrap().pop();
        }),
        ("more", &["lack the tensor `model.decoder.layers.7.self_attn.q_proj.weight`"], |c| {
            c["decoder"]["num_hidden_layers"] = json!(8);
            c["decoder"]["layer_types"].as_array_mut().unwrap().push(json!("full_attention"));
        }),
        ("untied", &["lack the tensor"], |c| c["tie_word_embeddings"] = json!(false)),
        ("other", &["type `llama`", "`t5gemma2`"], |c| c["model_type"] = json!("llama")),
    ];
    for (what, parts, change) in changes {
        let mut config = t5_config();
        let entries = entries(&config);
        change(&mut config);
        let said = refused(&write(&root.path().join(what), &config, &entries));
        for part in parts {
            assert!(said.contains(part), "{what}: {part}: {said}");
        }
    }
    for (what, text) in
        [("list", "[]"), ("deep", &*"[".repeat(100_000)), ("long", &*" ".repeat(2 << 20)), ("empty", "")]
    {
        let folder = t5(&root.path().join(what));
        std::fs::write(folder.join("config.json"), text).unwrap();
        assert!(refused(&folder).contains("config.json"), "{what}");
    }
}

#[test]
fn a_tensor_that_is_wrong_is_named_with_what_it_should_be() {
    type Change = fn(&mut Vec<Entry>, usize);
    let root = tempfile::tempdir().unwrap();
    let name = "model.decoder.layers.2.mlp.up_proj.weight";
    let changes: [(&str, &[&str], Change); 6] = [
        ("absent", &["lack the tensor", name, "[160, 64]"], |entries, at| {
            entries.remove(at);
        }),
        ("turned", &[name, "[64, 160]", "[160, 64]"], |entries, at| entries[at].shape.reverse()),
        ("flat", &[name, "[10240]", "[160, 64]"], |entries, at| entries[at].shape = vec![10_240]),
        ("bytes", &[name, "has the type I8", "BF16, F16, F32"], |entries, at| entries[at].dtype = "I8"),
        ("unknown", &[name, "type \"Q4\""], |entries, at| entries[at].dtype = "Q4"),
        ("twice", &["decoder.layers.2.mlp.up_proj.weight", name, "should be the same"], |entries, at| {
            let copy = Entry { name: entries[at].name.replace("model.", ""), shape: vec![1], ..entries[at].clone() };
            entries.push(copy);
        }),
    ];
    for (what, parts, change) in changes {
        let config = t5_config();
        let mut entries = entries(&config);
        let at = entries.iter().position(|entry| entry.name == name).unwrap();
        change(&mut entries, at);
        let said = refused(&write(&root.path().join(what), &config, &entries));
        for part in parts {
            assert!(said.contains(part), "{what}: {part}: {said}");
        }
    }
    let without = write(&root.path().join("tokens"), &t5_config(), &entries(&t5_config()));
    std::fs::remove_file(without.join("tokenizer.json")).unwrap();
    assert!(refused(&without).contains("tokenizer.json is missing"));
}

#[test]
fn a_header_that_lies_about_its_file_is_found_out() {
    let root = tempfile::tempdir().unwrap();
    let tensor = |start: u64, end: u64| format!(r#"{{"dtype":"F32","shape":[4],"data_offsets":[{start},{end}]}}"#);
    let one = |body: String| format!(r#"{{"a":{body}}}"#);
    let two = |first: String, second: String| format!(r#"{{"a":{first},"b":{second}}}"#);
    let good = tensor(0, 16);
    for (what, parts, bytes) in [
        ("short", &["truncated", "`b` ends 6 bytes past"][..], with_header(&two(good.clone(), tensor(16, 32)), 26)),
        ("outside", &["truncated", "`a`"], with_header(&one(tensor(1 << 40, (1 << 40) + 16)), 16)),
        ("overlap", &["`a` and `b` overlap"], with_header(&two(good.clone(), tensor(8, 24)), 24)),
        ("gap", &["4 unused bytes before the tensor `b`"], with_header(&two(good.clone(), tensor(20, 36)), 36)),
        ("backwards", &["`a`", "16 bytes", "16 to 0"], with_header(&one(tensor(16, 0)), 16)),
        ("long", &["`a`", "takes 16 bytes", "0 to 20"], with_header(&one(tensor(0, 20)), 20)),
        ("more", &["damaged", "80 bytes, but its header accounts for 79"], with_header(&one(good.clone()), 17)),
        ("twice", &["`a` appears twice"], with_header(&format!(r#"{{"a":{good},"a":{good}}}"#), 16)),
        (
            "minus",
            &["header is damaged"],
            with_header(r#"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#, 16),
        ),
        (
            "overflow",
            &["`a`", "impossible shape"],
            with_header(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]}}"#, 16),
        ),
        ("list", &["header is damaged"], with_header("[]", 0)),
        ("nothing", &["header is damaged"], with_header("", 0)),
        ("huge", &["header would have 1099511627776 bytes"], (1_u64 << 40).to_le_bytes().to_vec()),
        ("deep", &["header is damaged"], with_header(&"[".repeat(200_000), 0)),
        ("pickle", &["pickle"], b"\x80\x02}q\x00not weights".to_vec()),
    ] {
        let folder = t5(&root.path().join(what));
        std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
        let said = refused(&folder);
        assert!(said.contains("model.safetensors"), "{what}: {said}");
        for part in parts {
            assert!(said.contains(part), "{what}: {part}: {said}");
        }
    }
}

#[test]
fn a_truncated_tensor_is_named() {
    let root = tempfile::tempdir().unwrap();
    let folder = t5(&root.path().join("cut"));
    let path = folder.join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let last = entries(&t5_config()).pop().unwrap().name;
    let said = refused(&folder);
    assert!(said.contains(&format!("the tensor `{last}` ends 10 bytes past the end")), "{said}");
}

/// A file with `bytes` for weights in a folder that is otherwise sound.
fn weights(root: &Path, bytes: &[u8]) -> PathBuf {
    let config = gemma_config();
    let folder = write(&root.join("m"), &config, &[]);
    std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
    folder
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes of a sound header, changed at random: it is accepted or refused, and nothing else happens.
    #[test]
    fn headers_with_changed_bytes_end_well(changes in prop::collection::vec((0_usize..6000, any::<u8>()), 1..8), cut in 0_usize..40_000) {
        let root = tempfile::tempdir().unwrap();
        let mut bytes = safetensors(&entries(&gemma_config()));
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if cut < bytes.len() && cut % 3 == 0 {
            bytes.truncate(cut);
        }
        let _ = plan(&weights(root.path(), &bytes));
    }

    /// Headers of well-formed entries with numbers of any size.
    #[test]
    fn headers_with_any_numbers_end_well(numbers in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..6)) {
        let root = tempfile::tempdir().unwrap();
        let entries: Vec<String> = numbers
            .iter()
            .enumerate()
            .map(|(i, (side, start, end))| {
                format!(r#""t{i}":{{"dtype":"BF16","shape":[{side},{}],"data_offsets":[{start},{end}]}}"#, side % 7)
            })
            .collect();
        let bytes = with_header(&format!("{{{}}}", entries.join(",")), 64);
        prop_assert!(plan(&weights(root.path(), &bytes)).is_err());
    }

    /// GGUF files with changed bytes.
    #[test]
    fn gguf_files_with_changed_bytes_end_well(changes in prop::collection::vec((0_usize..4000, any::<u8>()), 1..8)) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("model.gguf");
        crate::gguf::Draft::new(candle_core::quantized::GgmlDType::Q8_0).write(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        let _ = plan(&path);
    }
}
