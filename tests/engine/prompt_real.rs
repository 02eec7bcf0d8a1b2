//! The tokenizer against published vocabularies.
//!
//! Run with `cargo test -p recto-tests --test engine --features real-models`, with `RECTO_TOKENIZER_JSON` naming
//! T5Gemma 2's `tokenizer.json` and `RECTO_GEMMA3_GGUF` a Gemma 3 GGUF file. Without the feature these tests do not
//! exist; with it, a file that is missing fails them.

use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use candle_core::quantized::gguf_file::Content;
use engine::prompt::{ExpectedIds, GgufVocabulary, Tokenizer};

fn named_by(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("set {variable} to the file's path")).into()
}

fn published() -> Tokenizer {
    Tokenizer::from_file(&named_by("RECTO_TOKENIZER_JSON")).unwrap()
}

fn rebuilt() -> Tokenizer {
    let mut file = File::open(named_by("RECTO_GEMMA3_GGUF")).unwrap();
    let content = Content::read(&mut file).unwrap();
    let list = |key: &str| content.metadata[key].to_vec().unwrap();
    let vocabulary = GgufVocabulary {
        tokens: list("tokenizer.ggml.tokens").iter().map(|value| value.to_string().unwrap().clone()).collect(),
        scores: list("tokenizer.ggml.scores").iter().map(|value| value.to_f32().unwrap()).collect(),
        token_types: list("tokenizer.ggml.token_type").iter().map(|value| value.to_i32().unwrap() as u32).collect(),
    };
    let start = Instant::now();
    let tokenizer = Tokenizer::from_gguf(&vocabulary).unwrap();
    println!("rebuilt in {:?}", start.elapsed());
    tokenizer
}

/// Ids that transformers gives, without `<bos>`.
const GOLDEN: [(&str, &[u32]); 9] = [
    ("Hello, world!", &[9259, 236_764, 1902, 236_888]),
    (" a bumble bee in a flower bed.", &[496, 188_612, 32_737, 528, 496, 9562, 4086, 236_761]),
    ("a  b\n\n\nc\t\td", &[236_746, 138, 236_763, 109, 236_755, 255_969, 236_753]),
    (
        "naïve café — 日本語 🐝 𓀀",
        &[1789, 238_527, 560, 33_443, 2192, 33_375, 238_582, 236_743, 247_894, 236_743, 478, 385, 366, 366],
    ),
    ("<table><b>12345</b>", &[168, 200, 236_770, 236_778, 236_800, 236_812, 236_810, 209]),
    ("", &[]),
    ("   leading", &[139, 26_016]),
    (
        "English: Hi.\nChinese (zh_CN): ",
        &[27_832, 236_787, 18_428, 236_761, 107, 48_308, 568, 22_286, 236_779, 9353, 1473, 236_743],
    ),
    ("\r\n", &[251, 107]),
];

#[test]
fn golden_ids_come_out_of_both() {
    let (published, rebuilt) = (published(), rebuilt());
    for (text, ids) in GOLDEN {
        for tokenizer in [&published, &rebuilt] {
            assert_eq!(tokenizer.encode_text(text).unwrap().ids, ids, "{text:?}");
            assert_eq!(tokenizer.decode(ids), text);
        }
    }
    let sentinels = "x<unused6237>y <eos>";
    for tokenizer in [&published, &rebuilt] {
        assert_eq!(tokenizer.encode_template(sentinels).unwrap(), [236_781, 262_139, 236_762, 236_743, 1]);
        assert!(tokenizer.encode_text(sentinels).unwrap().ids.iter().all(|&id| !tokenizer.is_control_id(id)));
    }
}

#[test]
fn special_ids_are_the_published_ones() {
    let expected = ExpectedIds {
        pad: Some(0),
        eos: Some(1),
        bos: Some(2),
        boi: Some(255_999),
        eoi: Some(256_000),
        image: Some(256_001),
    };
    published().check_against(&expected).unwrap();
    rebuilt().check_against(&ExpectedIds { image: None, ..expected }).unwrap();
    assert_eq!(published().special().line_breaks[..2], [107, 108]);
}

#[test]
fn the_merges_are_the_published_ones() {
    let json =
        |tokenizer: &Tokenizer| serde_json::from_str::<serde_json::Value>(&tokenizer.to_json().unwrap()).unwrap();
    assert!(json(&published())["model"]["merges"] == json(&rebuilt())["model"]["merges"]);
}
