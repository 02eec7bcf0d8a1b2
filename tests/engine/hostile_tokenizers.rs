//! `tokenizer.json` files made to exhaust memory, to panic or to drop text: each is refused in one line, by name.

use engine::diagnostic::Hint;
use engine::prompt::{GgufVocabulary, Tokenizer};
use recto_tests::fixture;
use serde_json::{Value, json};

use crate::prompt::small;

fn published() -> Value {
    serde_json::from_slice(&std::fs::read(fixture("tokenizer/tokenizer.json")).unwrap()).unwrap()
}

/// The published file with `value` at `pointer`.
fn with(pointer: &str, value: Value) -> Value {
    let mut file = published();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = file.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
    file
}

#[test]
fn what_gemma_does_not_use_is_refused_by_name() {
    let grows = json!({ "type": "Replace", "pattern": { "Regex": "" }, "content": "x".repeat(1000) });
    let grow_often = json!({ "type": "Sequence", "normalizers": vec![grows.clone(); 8] });
    let drops = json!([{ "SpecialToken": { "id": "<bos>", "type_id": 0 } }]);
    let twice = json!([{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }]);
    let long = "y".repeat(3_000_000);
    for (file, said) in [
        (
            with("/normalizer", json!({ "type": "Prepend", "prepend": "x" })),
            "normalizer is not one of Gemma's: Prepend",
        ),
        (with("/normalizer", grows), "normalizer is not one of Gemma's: {"),
        (with("/normalizer", grow_often), "normalizer is not one of Gemma's: {"),
        (with("/normalizer/content", json!(long)), "damaged or of an unknown kind"),
        (with("/normalizer", json!(vec![0; 1_000_000])), "damaged or of an unknown kind"),
        (with("/normalizer", json!({ "type": "Precompiled", "precompiled_charsmap": "AAAA" })), ": Precompiled"),
        (with("/normalizer", json!([])), "normalizer is not one of Gemma's: without a type"),
        (with("/normalizer", json!({ "type": "\u{1b}[2J\nerror: x" })), r": \u{1b}[2J\nerror: x"),
        (with("/pre_tokenizer/pattern", json!({ "Regex": "(a+)+$" })), "pre_tokenizer is not one of Gemma's"),
        (with("/pre_tokenizer/behavior", json!("Removed")), "pre_tokenizer is not one of Gemma's"),
        (with("/pre_tokenizer", json!({ "type": "ByteLevel" })), "pre_tokenizer is not one of Gemma's: ByteLevel"),
        (with("/decoder", json!({ "type": "CTC" })), "decoder is not one of Gemma's: CTC"),
        (with("/post_processor/single", drops), "post_processor is not one of Gemma's"),
        (with("/post_processor/single", twice), "post_processor is not one of Gemma's"),
        (with("/post_processor", json!({ "type": "ByteLevel" })), "post_processor is not one of Gemma's: ByteLevel"),
        (with("/model/type", json!("Unigram")), "model is not one of Gemma's: Unigram"),
        (with("/model/dropout", json!(0.5)), "model is not one of Gemma's: BPE with dropout"),
        (with("/model/continuing_subword_prefix", json!("####")), "BPE with continuing_subword_prefix"),
        (with("/model/end_of_word_suffix", json!("</w>")), "BPE with end_of_word_suffix"),
        (with("/model/ignore_merges", json!(true)), "BPE with ignore_merges"),
        (with("/added_tokens/0/lstrip", json!(true)), "added token is not one of Gemma's: <pad> with lstrip"),
        (with("/added_tokens/0/normalized", json!(true)), "<pad> with normalized"),
        (with("/added_tokens/0/content", json!(long)), "vocabulary is not one of Gemma's: a token of 3000000 bytes"),
        (with("/added_tokens/0/content", json!("e")), "added token is not one of Gemma's: e of one character"),
        (with("/model/vocab", json!({ "x": 4_000_000_000_u32 })), "damaged or of an unknown kind"),
        (with("/model/vocab", json!({ "z".repeat(2000): 1 })), "damaged or of an unknown kind"),
        (with("/model/merges/0", json!("m".repeat(20_000))), "damaged or of an unknown kind"),
        (with("/model/merges/0", json!(["no such", "pieces"])), "damaged or of an unknown kind"),
    ] {
        let error = Tokenizer::from_json(file.to_string().as_bytes()).expect_err(said);
        let text = error.to_string();
        assert!(text.contains(said), "{said}: {text}");
        assert!(text.chars().count() < 300 && !text.contains(char::is_control), "{text}");
        assert!(error.hint().is_some(), "{text}");
    }
}

#[test]
fn a_key_that_occurs_twice_is_refused() {
    let text = published().to_string();
    let twice = format!(r#"{{"normalizer":{{"type":"Prepend","prepend":"x"}},{}"#, &text[1..]);
    Tokenizer::from_json(twice.as_bytes()).unwrap_err();
}

#[test]
fn more_than_any_tokenizer_has_is_refused() {
    let many: Vec<Value> = (0..40_000).map(|id| json!({ "id": id, "content": format!("<t{id}>") })).collect();
    Tokenizer::from_json(with("/added_tokens", json!(many)).to_string().as_bytes()).unwrap_err();
    let spaces = vec![b' '; 97 << 20];
    assert!(Tokenizer::from_json(&spaces).unwrap_err().to_string().contains("more than 96 MB"));
    let tokens = ["<bos>".to_owned(), "a".repeat(1 << 20)];
    let vocabulary = GgufVocabulary { tokens: tokens.into(), scores: vec![0.0; 2], token_types: vec![3, 1] };
    assert!(Tokenizer::from_gguf(&vocabulary).unwrap_err().to_string().contains("a token of 1048576 bytes"));
}

#[test]
fn truncation_and_padding_drop_no_text() {
    let text = "The report covers 2,340 measurements of 17 sites. ".repeat(50);
    let expected = small().encode_text(&text).unwrap();
    let truncation = |stride: u32, max_length: u32| json!({ "direction": "Right", "max_length": max_length, "strategy": "LongestFirst", "stride": stride });
    let padding = json!({
        "strategy": { "Fixed": 4_000_000_000_u32 }, "direction": "Left", "pad_to_multiple_of": null, "pad_id": 0,
        "pad_type_id": 0, "pad_token": "<pad>"
    });
    for file in [
        with("/truncation", truncation(0, 11)),
        with("/truncation", truncation(11, 11)),
        with("/truncation", truncation(20, 0)),
        with("/padding", padding),
    ] {
        let tokenizer = Tokenizer::from_json(file.to_string().as_bytes()).unwrap();
        assert_eq!(tokenizer.encode_text(&text).unwrap(), expected);
        assert_eq!(tokenizer.encode_template("<bos>a").unwrap(), small().encode_template("<bos>a").unwrap());
    }
}

#[test]
fn absent_steps_and_steps_for_training_are_accepted() {
    for file in [
        with("/post_processor", Value::Null),
        with("/decoder", Value::Null),
        with("/added_tokens", json!([])),
        with("/model/dropout", json!(0.0)),
        with("/post_processor/single", {
            let special = |id: &str| json!({ "SpecialToken": { "id": id, "type_id": 0 } });
            json!([special("<bos>"), { "Sequence": { "id": "A", "type_id": 0 } }, special("<eos>")])
        }),
    ] {
        if let Err(error) = Tokenizer::from_json(file.to_string().as_bytes()) {
            panic!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
        }
    }
}
