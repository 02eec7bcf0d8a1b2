//! Mutated safetensors files: headers that are not what they claim, tensors that are not where they claim.

use serde_json::{Map, Value, json};

use super::Kind;
use super::chance::{Chance, overwrite};
use super::model_files;
use super::seeds::Seeds;

/// The kinds of mutations.
pub(super) const KINDS: &[Kind] = &[
    ("header-length", header_length),
    ("overlapping-offsets", overlapping_offsets),
    ("offsets", offsets),
    ("swapped-offsets", swapped_offsets),
    ("gaps", gaps),
    ("types", types),
    ("shapes", shapes),
    ("duplicated-names", duplicated_names),
    ("names", names),
    ("not-utf-8", not_utf8),
    ("deep-header", deep_header),
    ("wrong-values", wrong_values),
    ("metadata", metadata),
    ("missing-tensors", missing_tensors),
    ("extra-tensors", extra_tensors),
    ("truncated", truncated),
    ("long-header", long_header),
    ("weights", weights),
    ("not-json", not_json),
];

/// The file of a header after `change`.
fn changed(seeds: &Seeds, chance: &mut Chance, change: impl FnOnce(&mut Map<String, Value>, &mut Chance)) -> Vec<u8> {
    let (mut header, data) = model_files::header(seeds.pieces.len());
    change(&mut header, chance);
    model_files::safetensors(Value::Object(header).to_string().as_bytes(), data, chance)
}

/// The file that nothing is wrong with.
pub(super) fn sound(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |_, _| ())
}

/// One of the tensors.
fn tensor<'a>(header: &'a mut Map<String, Value>, chance: &mut Chance) -> &'a mut Value {
    let name = header.keys().nth(chance.below(header.len())).cloned().unwrap_or_default();
    &mut header[&name]
}

fn header_length(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = sound(seeds, chance);
    let length = match chance.below(3) {
        0 => chance.below(bytes.len()) as u64,
        1 => bytes.len() as u64 - chance.below(20) as u64,
        _ => chance.odd_number(),
    };
    overwrite(&mut bytes, 0, &length.to_le_bytes());
    bytes
}

fn overlapping_offsets(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let taken = tensor(header, chance)["data_offsets"].clone();
        for value in header.values_mut() {
            if chance.below(4) == 0 {
                value["data_offsets"] = taken.clone();
            }
        }
        *tensor(header, chance) = json!({ "dtype": "BF16", "shape": [1], "data_offsets": [1, 3] });
    })
}

fn offsets(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let places = match chance.below(7) {
            0 => json!([chance.odd_number(), chance.odd_number()]),
            1 => json!([u64::MAX, 1]),
            2 => json!([-1, 5]),
            3 => json!([0.5, 1e300]),
            4 => json!([0]),
            5 => json!([0, 1, 2]),
            _ => json!(["0", null]),
        };
        tensor(header, chance)["data_offsets"] = places;
    })
}

fn swapped_offsets(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let one = tensor(header, chance)["data_offsets"].take();
        let other = std::mem::replace(&mut tensor(header, chance)["data_offsets"], one);
        tensor(header, chance)["data_offsets"] = other;
    })
}

fn gaps(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let shift = [1, 2, 4096][chance.below(3)];
    let (mut header, data) = model_files::header(seeds.pieces.len());
    for value in header.values_mut() {
        for place in value["data_offsets"].as_array_mut().into_iter().flatten() {
            *place = json!(place.as_u64().unwrap_or_default() + shift);
        }
    }
    let data = data + chance.below(2 * shift as usize);
    model_files::safetensors(Value::Object(header).to_string().as_bytes(), data, chance)
}

fn types(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let types = [
            json!("F64"),
            json!("I8"),
            json!("BOOL"),
            json!("F8_E4M3"),
            json!("\u{1b}[2J"),
            json!("X".repeat(100_000)),
            json!(7),
            json!(null),
        ];
        let dtype = types[chance.below(types.len())].clone();
        if chance.below(2) == 0 {
            tensor(header, chance)["dtype"] = dtype;
        } else {
            header.values_mut().for_each(|value| value["dtype"] = dtype.clone());
        }
    })
}

fn shapes(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let shape = match chance.below(8) {
            0 => json!([chance.odd_number(), chance.odd_number()]),
            1 => json!([0]),
            2 => json!(vec![1; 100_000]),
            3 => json!([-1, 32]),
            4 => json!([1_u64 << 32, 1_u64 << 32]),
            5 => json!([]),
            6 => json!([32.5]),
            _ => json!("[32]"),
        };
        tensor(header, chance)["shape"] = shape;
    })
}

fn duplicated_names(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (header, data) = model_files::header(seeds.pieces.len());
    let text = Value::Object(header.clone()).to_string();
    let name = header.keys().nth(chance.below(header.len())).cloned().unwrap_or_default();
    let again = format!("\"{name}\":{}", header[&name]);
    let copies = vec![again; [1, 2, 10_000][chance.below(3)]].join(",");
    model_files::safetensors(format!("{{{copies},{}", &text[1..]).as_bytes(), data, chance)
}

fn names(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let old = header.keys().nth(chance.below(header.len())).cloned().unwrap_or_default();
        let value = header.remove(&old).unwrap_or_default();
        let new = match chance.below(6) {
            0 => "n".repeat(100_000),
            1 => "\u{1b}]0;x\u{7}".into(),
            2 => "error: forged\nhint: forged".into(),
            3 => "../../etc/passwd".into(),
            4 => String::new(),
            _ => old.replace("layers.0", &format!("layers.{}", chance.odd_number())),
        };
        header.insert(new, value);
    })
}

fn not_utf8(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = sound(seeds, chance);
    for _ in 0..=chance.below(4) {
        let at = 8 + chance.below(1000);
        bytes[at] = 0x80 + chance.below(0x80) as u8;
    }
    bytes
}

fn deep_header(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (header, data) = model_files::header(seeds.pieces.len());
    let text = Value::Object(header).to_string();
    let (open, close) = [("[", "]"), ("{\"a\":", "}")][chance.below(2)];
    let deep = [100, 10_000, 200_000][chance.below(3)];
    let nested = format!("{}0{}", open.repeat(deep), close.repeat(deep));
    let key = chance.pick(&["__metadata__", "deep", "model.norm.weight"]);
    model_files::safetensors(format!("{{\"{key}\":{nested},{}", &text[1..]).as_bytes(), data, chance)
}

fn wrong_values(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let values = [json!(null), json!([]), json!("tensor"), json!({}), json!(1e308), json!({ "dtype": "BF16" })];
        *tensor(header, chance) = values[chance.below(values.len())].clone();
    })
}

fn metadata(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        let values = [
            json!({ "format": 7 }),
            json!(["pt"]),
            json!({ "format": "m".repeat(1_000_000) }),
            json!({ "\u{1b}[2J": "\u{202e}" }),
            json!({ "dtype": "BF16", "shape": [2], "data_offsets": [0, 4] }),
        ];
        header.insert("__metadata__".into(), values[chance.below(values.len())].clone());
    })
}

fn missing_tensors(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        for _ in 0..=chance.below(header.len()) {
            let name = header.keys().nth(chance.below(header.len())).cloned().unwrap_or_default();
            header.remove(&name);
        }
    })
}

fn extra_tensors(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |header, chance| {
        for number in 0..[1, 100, 50_000][chance.below(3)] {
            let extra = json!({ "dtype": "BF16", "shape": [0], "data_offsets": [0, 0] });
            header.insert(format!("model.layers.{number}.self_attn.extra.weight"), extra);
        }
    })
}

fn truncated(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = sound(seeds, chance);
    bytes.truncate(chance.below(bytes.len()));
    bytes
}

fn long_header(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (header, data) = model_files::header(seeds.pieces.len());
    let blank = chance.pick(&[" ", "\n", "\u{0}"]).repeat([1 << 10, 1 << 20, 20 << 20][chance.below(3)]);
    model_files::safetensors(format!("{}{blank}", Value::Object(header)).as_bytes(), data, chance)
}

fn weights(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = sound(seeds, chance);
    let value = [[0xc0, 0x7f], [0x80, 0x7f], [0x7f, 0x7f], [0, 0], [0x7f, 0xff]][chance.below(5)];
    let numbers = value.repeat([1, 1000, bytes.len()][chance.below(3)]);
    let (header, _) = model_files::header(seeds.pieces.len());
    let start = 8 + Value::Object(header).to_string().len();
    let at = start + 2 * chance.below((bytes.len() - start) / 2);
    overwrite(&mut bytes, at, &numbers);
    bytes
}

fn not_json(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (header, data) = model_files::header(seeds.pieces.len());
    let mut text = Value::Object(header).to_string().into_bytes();
    for _ in 0..=chance.below(3) {
        let at = chance.below(text.len());
        text[at] = *chance.pick(&[b"{", b"}", b"\"", b",", b"\\"]).first().unwrap_or(&b'{');
    }
    model_files::safetensors(&text, data, chance)
}
