//! Mutated `tokenizer.json` files: vocabularies with gaps, merges of nothing, expressions that do not end.

use serde_json::{Value, json};

use super::Kind;
use super::chance::Chance;
use super::seeds::Seeds;

/// The kinds of mutations.
pub(super) const KINDS: &[Kind] = &[
    ("absent-merges", absent_merges),
    ("merge-forms", merge_forms),
    ("repeated-merges", repeated_merges),
    ("vocabulary-gaps", vocabulary_gaps),
    ("ids", ids),
    ("shared-ids", shared_ids),
    ("deep", deep),
    ("slow-expressions", slow_expressions),
    ("bad-expressions", bad_expressions),
    ("large-added-tokens", large_added_tokens),
    ("many-added-tokens", many_added_tokens),
    ("added-token-fields", added_token_fields),
    ("other-models", other_models),
    ("other-steps", other_steps),
    ("wrong-types", wrong_types),
    ("special-tokens", special_tokens),
    ("templates", templates),
    ("dropout", dropout),
    ("affixes", affixes),
    ("long-pieces", long_pieces),
    ("not-utf-8", not_utf8),
    ("truncated", truncated),
    ("duplicated-keys", duplicated_keys),
    ("unknown-token", unknown_token),
];

/// The tokenizer after `change`.
fn changed(seeds: &Seeds, chance: &mut Chance, change: impl FnOnce(&mut Value, &mut Chance)) -> Vec<u8> {
    let mut tokenizer = seeds.tokenizer.clone();
    change(&mut tokenizer, chance);
    tokenizer.to_string().into_bytes()
}

/// One of the pieces that are not control tokens.
fn piece(seeds: &Seeds, chance: &mut Chance) -> String {
    seeds.pieces[300 + chance.below(seeds.pieces.len() - 300)].clone()
}

fn absent_merges(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        if let Some(merges) = tokenizer["model"]["merges"].as_array_mut() {
            let at = chance.below(merges.len());
            let left = piece(seeds, chance);
            merges.insert(at, json!([left, "\u{1b}[31mabsent"]));
        }
    })
}

fn merge_forms(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let forms = [
            json!("a"),
            json!("a b c"),
            json!(["a"]),
            json!(["a", "b", "c"]),
            json!([1, 2]),
            json!(null),
            json!(["", ""]),
            json!(""),
        ];
        let form = forms[chance.below(forms.len())].clone();
        match chance.below(3) {
            0 => tokenizer["model"]["merges"] = json!([form]),
            1 => tokenizer["model"]["merges"] = form,
            _ => {
                let at = chance.below(1000);
                tokenizer["model"]["merges"][at] = form;
            }
        }
    })
}

fn repeated_merges(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        if let Some(merges) = tokenizer["model"]["merges"].as_array_mut() {
            let merge = merges[chance.below(merges.len())].clone();
            merges.extend(vec![merge; [10, 200_000][chance.below(2)]]);
        }
    })
}

fn vocabulary_gaps(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        for _ in 0..=chance.below(20) {
            let name = piece(seeds, chance);
            if let Some(vocabulary) = tokenizer["model"]["vocab"].as_object_mut() {
                vocabulary.remove(&name);
            }
        }
    })
}

fn ids(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let numbers = [
            json!(-1),
            json!(i64::MIN),
            json!(u32::MAX),
            json!(1_u64 << 32),
            json!(2.5),
            json!("7"),
            json!(100_000_000),
        ];
        let id = numbers[chance.below(numbers.len())].clone();
        if chance.below(2) == 0 {
            tokenizer["model"]["vocab"][piece(seeds, chance)] = id;
        } else {
            tokenizer["added_tokens"][chance.below(20)]["id"] = id;
        }
    })
}

fn shared_ids(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let id = chance.below(20);
        for _ in 0..=chance.below(300) {
            tokenizer["model"]["vocab"][piece(seeds, chance)] = json!(id);
        }
    })
}

fn deep(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let key = chance.pick(&["normalizer", "pre_tokenizer", "decoder", "deep", "added_tokens"]);
    let (open, close) = match chance.below(3) {
        0 => ("[".to_owned(), "]".to_owned()),
        1 => ("{\"type\":\"Sequence\",\"normalizers\":[".to_owned(), "]}".to_owned()),
        _ => ("{\"type\":\"Sequence\",\"pretokenizers\":[".to_owned(), "]}".to_owned()),
    };
    let levels = [50, 100, 10_000, 100_000][chance.below(4)];
    let mut tokenizer = seeds.tokenizer.clone();
    tokenizer[key] = json!("HERE");
    tokenizer
        .to_string()
        .replacen("\"HERE\"", &format!("{}{}", open.repeat(levels), close.repeat(levels)), 1)
        .into_bytes()
}

fn slow_expressions(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let expression = chance.pick(&[
            "(a+)+$",
            "(e|e)*!",
            "(.*)*=",
            "(?=(\\w+))\\1:",
            "^(([a-z])+.)+[A-Z]([a-z])+$",
            "(\\w*)*\\d{1000}",
            "((((((.?){50}){50}){50}){50}){50})",
            "(?:.{1,1000}){1,1000}",
        ]);
        let pattern = json!({ "Regex": expression });
        if chance.below(2) == 0 {
            tokenizer["pre_tokenizer"] =
                json!({ "type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": false });
        } else {
            tokenizer["normalizer"] = json!({ "type": "Replace", "pattern": pattern, "content": "x" });
        }
    })
}

fn bad_expressions(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let pattern = match chance.below(5) {
            0 => json!({ "Regex": "(" }),
            1 => json!({ "Regex": "" }),
            2 => json!({ "String": "" }),
            3 => json!({ "Regex": "(".repeat(100_000) }),
            _ => json!({ "Other": "a" }),
        };
        let place = chance.pick(&["pre_tokenizer", "normalizer"]);
        tokenizer[place]["pattern"] = pattern;
    })
}

fn added(id: u64, content: &str) -> Value {
    json!({
        "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false,
    })
}

fn large_added_tokens(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let content =
            chance.pick(&["a", " ", "\u{300}", "\u{1b}[2J", "<bos>"]).repeat([0, 1000, 1_000_000][chance.below(3)]);
        if let Some(tokens) = tokenizer["added_tokens"].as_array_mut() {
            tokens.push(added(seeds.pieces.len() as u64, &content));
        }
    })
}

fn many_added_tokens(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let count = [1000, 20_000][chance.below(2)];
        if let Some(tokens) = tokenizer["added_tokens"].as_array_mut() {
            tokens
                .extend((0..count).map(|number| added(seeds.pieces.len() as u64 + number, &format!("extra{number}"))));
        }
    })
}

fn added_token_fields(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let field = chance.pick(&["single_word", "lstrip", "rstrip", "normalized", "special", "content"]);
        let values = [json!(true), json!(null), json!("yes"), json!(1), json!([])];
        let value = values[chance.below(values.len())].clone();
        for token in tokenizer["added_tokens"].as_array_mut().into_iter().flatten() {
            token[field] = value.clone();
        }
    })
}

fn other_models(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let pieces: Vec<Value> = seeds.pieces.iter().map(|piece| json!([piece, -1.0])).collect();
        tokenizer["model"] = match chance.below(5) {
            0 => json!({ "type": "Unigram", "unk_id": 99_999_999, "vocab": pieces }),
            1 => json!({ "type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": true }),
            2 => {
                json!({ "type": "WordPiece", "unk_token": "absent", "continuing_subword_prefix": "", "max_input_chars_per_word": 0, "vocab": tokenizer["model"]["vocab"] })
            }
            3 => json!({ "type": "WordLevel", "unk_token": "absent", "vocab": tokenizer["model"]["vocab"] }),
            _ => json!({ "type": "\u{1b}[2JNone" }),
        };
    })
}

fn other_steps(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let steps = [
            ("normalizer", json!({ "type": "Precompiled", "precompiled_charsmap": "/////w==" })),
            ("normalizer", json!({ "type": "NFKD" })),
            ("normalizer", json!({ "type": "Strip", "strip_left": true, "strip_right": true })),
            (
                "pre_tokenizer",
                json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }),
            ),
            ("pre_tokenizer", json!({ "type": "FixedLength", "length": 0 })),
            (
                "pre_tokenizer",
                json!({ "type": "Metaspace", "replacement": "", "prepend_scheme": "always", "split": true }),
            ),
            ("decoder", json!({ "type": "WordPiece", "prefix": "", "cleanup": true })),
            ("decoder", json!({ "type": "CTC", "pad_token": "", "word_delimiter_token": "", "cleanup": true })),
            ("decoder", json!({ "type": "Strip", "content": "e", "start": u32::MAX, "stop": u32::MAX })),
        ];
        let (place, step) = &steps[chance.below(steps.len())];
        tokenizer[*place] = step.clone();
    })
}

fn wrong_types(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let values = [json!(null), json!(7), json!("text"), json!([]), json!({}), json!(true)];
        let value = values[chance.below(values.len())].clone();
        match chance.below(8) {
            0 => tokenizer["model"] = value,
            1 => tokenizer["model"]["vocab"] = value,
            2 => tokenizer["added_tokens"] = value,
            3 => tokenizer["post_processor"] = value,
            4 => tokenizer["decoder"] = value,
            5 => tokenizer["version"] = value,
            6 => tokenizer["model"]["byte_fallback"] = value,
            _ => *tokenizer = value,
        }
    })
}

fn special_tokens(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let name = chance.pick(&["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "\n"]);
        if let Some(vocabulary) = tokenizer["model"]["vocab"].as_object_mut() {
            vocabulary.remove(name);
        }
        if let Some(tokens) = tokenizer["added_tokens"].as_array_mut() {
            tokens.retain(|token| token["content"] != *name || chance.below(2) == 0);
        }
    })
}

fn templates(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let bos = json!({ "SpecialToken": { "id": "<bos>", "type_id": 0 } });
        match chance.below(4) {
            0 => tokenizer["post_processor"]["single"] = Value::Array(vec![bos; 100_000]),
            1 => tokenizer["post_processor"]["special_tokens"]["<bos>"]["ids"] = json!([u32::MAX, 2_000_000]),
            2 => tokenizer["post_processor"]["special_tokens"] = json!({}),
            _ => tokenizer["post_processor"]["single"] = json!([]),
        }
    })
}

fn dropout(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let values = [json!(1.0), json!(0.5), json!(-1), json!(1e300), json!("0.1"), json!(0)];
        tokenizer["model"]["dropout"] = values[chance.below(values.len())].clone();
    })
}

fn affixes(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        let affix = chance.pick(&["e", "\u{2581}", "##", "\u{1f600}"]).repeat([1, 100_000][chance.below(2)]);
        let key = chance.pick(&["continuing_subword_prefix", "end_of_word_suffix"]);
        tokenizer["model"][key] = json!(affix);
        tokenizer["model"]["ignore_merges"] = json!(true);
    })
}

fn long_pieces(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        if let Some(vocabulary) = tokenizer["model"]["vocab"].as_object_mut() {
            let old = piece(seeds, chance);
            let id = vocabulary.remove(&old).unwrap_or_default();
            vocabulary.insert("e".repeat([1000, 3_000_000][chance.below(2)]), id);
        }
    })
}

fn not_utf8(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds.tokenizer.to_string().into_bytes();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        bytes[at] = 0x80 + chance.below(0x80) as u8;
    }
    bytes
}

fn truncated(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds.tokenizer.to_string().into_bytes();
    bytes.truncate(chance.below(bytes.len()));
    bytes
}

fn duplicated_keys(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let text = seeds.tokenizer.to_string();
    let key =
        chance.pick(&["\"model\":null", "\"version\":\"9\"", "\"added_tokens\":[]", "\"normalizer\":null", "\"x\":1"]);
    format!("{{{}{}", format!("{key},").repeat([1, 2, 10_000][chance.below(3)]), &text[1..]).into_bytes()
}

fn unknown_token(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |tokenizer, chance| {
        tokenizer["model"]["unk_token"] = json!(chance.pick(&["absent", "", "\u{1b}[2J", "<bos>"]));
        tokenizer["model"]["byte_fallback"] = json!(false);
    })
}
