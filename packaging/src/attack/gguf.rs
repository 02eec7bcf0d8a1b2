//! Mutated GGUF files: counts, lengths, types and places that the file does not have.

use super::Kind;
use super::chance::Chance;
use super::model_files::{HIDDEN, f32s, tensors};
use super::seeds::Seeds;

/// The kinds of mutations.
pub(super) const KINDS: &[Kind] = &[
    ("counts", counts),
    ("offsets", offsets),
    ("overlapping-tensors", overlapping_tensors),
    ("alignment", alignment),
    ("string-lengths", string_lengths),
    ("array-lengths", array_lengths),
    ("duplicated-keys", duplicated_keys),
    ("duplicated-tensors", duplicated_tensors),
    ("wrong-types", wrong_types),
    ("nested-arrays", nested_arrays),
    ("dimensions", dimensions),
    ("tensor-types", tensor_types),
    ("hyperparameters", hyperparameters),
    ("float-hyperparameters", float_hyperparameters),
    ("token-types", token_types),
    ("scores", scores),
    ("vocabulary", vocabulary),
    ("token-ids", token_ids),
    ("weights", weights),
    ("truncated", truncated),
    ("versions", versions),
    ("long-keys", long_keys),
    ("not-utf-8", not_utf8),
];

const U32: u32 = 4;
const I32: u32 = 5;
const F32: u32 = 6;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// A value of the metadata: its type and its bytes.
#[derive(Clone)]
struct Entry {
    key: Vec<u8>,
    kind: u32,
    value: Vec<u8>,
}

struct Tensor {
    name: Vec<u8>,
    shape: Vec<u64>,
    kind: u32,
    offset: u64,
}

/// A GGUF file in the making.
struct Draft {
    version: u32,
    entry_count: Option<u64>,
    tensor_count: Option<u64>,
    entries: Vec<Entry>,
    tensors: Vec<Tensor>,
    data: Vec<u8>,
}

fn text(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text].concat()
}

fn array(kind: u32, count: usize, values: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(count as u64).to_le_bytes()[..], values].concat()
}

impl Draft {
    /// A small Gemma 3 that nothing is wrong with.
    fn sound(seeds: &Seeds, chance: &mut Chance) -> Self {
        let mut draft = Self {
            version: 3,
            entry_count: None,
            tensor_count: None,
            entries: Vec::new(),
            tensors: Vec::new(),
            data: Vec::new(),
        };
        draft.set("general.architecture", TEXT, text(b"gemma3"));
        for (key, number) in [
            ("context_length", 4096),
            ("embedding_length", HIDDEN as u32),
            ("block_count", 2),
            ("feed_forward_length", 64),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
            ("attention.key_length", 16),
            ("attention.value_length", 16),
            ("attention.sliding_window", 64),
        ] {
            draft.set(&format!("gemma3.{key}"), U32, number.to_le_bytes().to_vec());
        }
        draft.set("gemma3.attention.layer_norm_rms_epsilon", F32, 1e-6_f32.to_le_bytes().to_vec());
        draft.set("gemma3.rope.freq_base", F32, 1e6_f32.to_le_bytes().to_vec());
        draft.set("tokenizer.ggml.model", TEXT, text(b"llama"));
        let count = seeds.pieces.len();
        let words: Vec<u8> = seeds.pieces.iter().flat_map(|piece| text(piece.as_bytes())).collect();
        draft.set("tokenizer.ggml.tokens", ARRAY, array(TEXT, count, &words));
        let scores: Vec<u8> = (0..count).flat_map(|id| (-(id as f32)).to_le_bytes()).collect();
        draft.set("tokenizer.ggml.scores", ARRAY, array(F32, count, &scores));
        let kinds: Vec<u8> = seeds.pieces.iter().flat_map(|piece| kind(piece).to_le_bytes()).collect();
        draft.set("tokenizer.ggml.token_type", ARRAY, array(I32, count, &kinds));
        for (key, id) in [("padding", 0_u32), ("eos", 1), ("bos", 2), ("unknown", 3)] {
            draft.set(&format!("tokenizer.ggml.{key}_token_id"), U32, id.to_le_bytes().to_vec());
        }
        for planned in tensors(count) {
            let numbers = f32s(planned.shape.iter().product(), chance);
            let shape = planned.shape.iter().rev().map(|extent| *extent as u64).collect();
            let offset = draft.data.len() as u64;
            draft.tensors.push(Tensor { name: planned.gguf_name.into_bytes(), shape, kind: 0, offset });
            draft.data.extend(numbers);
            draft.data.resize(draft.data.len().next_multiple_of(32), 0);
        }
        draft
    }

    /// Sets an entry, replacing one of this key.
    fn set(&mut self, key: &str, kind: u32, value: Vec<u8>) {
        self.entries.retain(|entry| entry.key != key.as_bytes());
        self.entries.push(Entry { key: key.into(), kind, value });
    }

    fn entry(&mut self, chance: &mut Chance) -> &mut Entry {
        let at = chance.below(self.entries.len());
        &mut self.entries[at]
    }

    fn tensor(&mut self, chance: &mut Chance) -> &mut Tensor {
        let at = chance.below(self.tensors.len());
        &mut self.tensors[at]
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.tensor_count.unwrap_or(self.tensors.len() as u64).to_le_bytes());
        bytes.extend(self.entry_count.unwrap_or(self.entries.len() as u64).to_le_bytes());
        for entry in &self.entries {
            bytes.extend(text(&entry.key));
            bytes.extend(entry.kind.to_le_bytes());
            bytes.extend(&entry.value);
        }
        for tensor in &self.tensors {
            bytes.extend(text(&tensor.name));
            bytes.extend((tensor.shape.len() as u32).to_le_bytes());
            bytes.extend(tensor.shape.iter().flat_map(|extent| extent.to_le_bytes()));
            bytes.extend(tensor.kind.to_le_bytes());
            bytes.extend(tensor.offset.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&self.data);
        bytes
    }
}

/// The type of a piece: 1 ordinary, 2 unknown, 3 control, 6 byte.
fn kind(piece: &str) -> i32 {
    match piece {
        "<unk>" => 2,
        "<pad>" | "<eos>" | "<bos>" | "<mask>" | "<start_of_turn>" | "<end_of_turn>" => 3,
        _ if piece.len() == 6 && piece.starts_with("<0x") => 6,
        _ => 1,
    }
}

/// A sound file after `change`.
fn changed(seeds: &Seeds, chance: &mut Chance, change: impl FnOnce(&mut Draft, &mut Chance)) -> Vec<u8> {
    let mut draft = Draft::sound(seeds, chance);
    change(&mut draft, chance);
    draft.write()
}

/// The file that nothing is wrong with.
pub(super) fn sound(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    Draft::sound(seeds, chance).write()
}

fn counts(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| match chance.below(3) {
        0 => draft.entry_count = Some(chance.odd_number()),
        1 => draft.tensor_count = Some(chance.odd_number()),
        _ => (draft.entry_count, draft.tensor_count) = (Some(65_536), Some(65_535)),
    })
}

fn offsets(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let offset = chance.odd_number() & [!31, u64::MAX][chance.below(2)];
        draft.tensor(chance).offset = offset;
    })
}

fn overlapping_tensors(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let all = chance.below(2) == 0;
        let offset = draft.tensor(chance).offset;
        if all {
            draft.tensors.iter_mut().for_each(|tensor| tensor.offset = offset);
        } else {
            draft.tensor(chance).offset = offset + 32;
        }
    })
}

fn alignment(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let value = [0, 1, 3, 31, 1 << 20, 1 << 31, u32::MAX][chance.below(7)];
        draft.set("general.alignment", U32, value.to_le_bytes().to_vec());
        if chance.below(3) == 0 {
            draft.set("general.alignment", 11, i64::MIN.to_le_bytes().to_vec());
        }
    })
}

fn string_lengths(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = changed(seeds, chance, |_, _| ());
    // The first key begins after magic, version and two counts; the architecture follows it.
    let at = [24, 24 + 8 + 20 + 4][chance.below(2)];
    super::chance::overwrite(&mut bytes, at, &chance.odd_number().to_le_bytes());
    bytes
}

fn array_lengths(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let key = chance.pick(&["tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"]);
        let count = chance.odd_number();
        if let Some(entry) = draft.entries.iter_mut().find(|entry| entry.key == key.as_bytes()) {
            super::chance::overwrite(&mut entry.value, 4, &count.to_le_bytes());
        }
    })
}

fn duplicated_keys(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let copies = [1, 2, 20_000][chance.below(3)];
        let entry = draft.entries[chance.below(12)].clone();
        draft.entries.extend(vec![entry; copies]);
    })
}

fn duplicated_tensors(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let name = draft.tensor(chance).name.clone();
        draft.tensor(chance).name = name;
        let extra = Tensor {
            name: format!("blk.{}.attn_q.weight", chance.odd_number()).into(),
            shape: vec![8],
            kind: 0,
            offset: 0,
        };
        draft.tensors.push(extra);
    })
}

fn wrong_types(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let kind = [0, 1, 5, 6, 7, 8, 9, 10, 12, 13, 255, u32::MAX][chance.below(12)];
        draft.entry(chance).kind = kind;
    })
}

fn nested_arrays(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let level = [&ARRAY.to_le_bytes()[..], &1_u64.to_le_bytes()].concat();
        let deep = [1, 100, 100_000][chance.below(3)];
        draft.set("general.nested", ARRAY, level.repeat(deep));
    })
}

fn dimensions(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let (odd, count) = (chance.odd_number(), chance.below(7));
        let tensor = draft.tensor(chance);
        match count {
            0 => tensor.shape = Vec::new(),
            1 => tensor.shape = vec![odd; 4],
            2 => tensor.shape = vec![1; 5],
            3 => tensor.shape = vec![1; 100_000],
            4 => tensor.shape = vec![1 << 32, 1 << 32],
            5 => tensor.shape.reverse(),
            _ => tensor.shape[0] = odd,
        }
    })
}

fn tensor_types(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let kind = [1, 2, 4, 5, 8, 12, 14, 15, 16, 24, 30, 31, 39, 40, u32::MAX][chance.below(15)];
        if chance.below(2) == 0 {
            draft.tensors.iter_mut().for_each(|tensor| tensor.kind = kind);
        } else {
            draft.tensor(chance).kind = kind;
        }
    })
}

fn hyperparameters(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let key = chance.pick(&[
            "context_length",
            "embedding_length",
            "block_count",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.sliding_window",
            "attention.sliding_window_pattern",
        ]);
        let value = chance.odd_number();
        draft.set(&format!("gemma3.{key}"), 10, value.to_le_bytes().to_vec());
    })
}

fn float_hyperparameters(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let key = chance.pick(&[
            "attention.layer_norm_rms_epsilon",
            "rope.freq_base",
            "rope.freq_base_swa",
            "rope.scaling.factor",
            "attn_logit_softcapping",
            "final_logit_softcapping",
        ]);
        let value = [f32::NAN, f32::INFINITY, -1.0, 0.0, 1e-45, 3e38][chance.below(6)];
        draft.set(&format!("gemma3.{key}"), F32, value.to_le_bytes().to_vec());
        draft.set(
            "gemma3.rope.scaling.type",
            TEXT,
            text(chance.pick(&["linear", "yarn", "none", "\u{1b}[2J"]).as_bytes()),
        );
    })
}

fn token_types(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let count = seeds.pieces.len();
        let kinds: Vec<u8> = (0..count).flat_map(|_| (chance.below(9) as i32 - 1).to_le_bytes()).collect();
        draft.set("tokenizer.ggml.token_type", ARRAY, array(I32, count, &kinds));
    })
}

fn scores(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let count = seeds.pieces.len() - chance.below(2);
        let value = [f32::NAN, f32::INFINITY, -0.0, f32::MIN][chance.below(4)];
        draft.set("tokenizer.ggml.scores", ARRAY, array(F32, count, &value.to_le_bytes().repeat(count)));
    })
}

fn vocabulary(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let mut pieces = seeds.pieces.clone();
        let place = chance.below(pieces.len());
        match chance.below(5) {
            0 => pieces[place] = "a".repeat(1_000_000),
            1 => pieces.iter_mut().for_each(|piece| *piece = "a".into()),
            2 => pieces.swap(2, place),
            3 => pieces[place..].iter_mut().for_each(String::clear),
            _ => pieces.iter_mut().zip(1..).for_each(|(piece, length)| *piece = "ab".repeat(length)),
        }
        let words: Vec<u8> = pieces.iter().flat_map(|piece| text(piece.as_bytes())).collect();
        draft.set("tokenizer.ggml.tokens", ARRAY, array(TEXT, pieces.len(), &words));
    })
}

fn token_ids(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        for _ in 0..=chance.below(3) {
            let key = chance.pick(&["padding", "eos", "bos", "unknown", "eot"]);
            let id = chance.odd_number() as u32;
            draft.set(&format!("tokenizer.ggml.{key}_token_id"), U32, id.to_le_bytes().to_vec());
        }
    })
}

fn weights(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let value = [f32::NAN, f32::INFINITY, f32::MAX, 0.0, -f32::MAX][chance.below(5)].to_le_bytes();
        let start = chance.below(draft.data.len() / 4) * 4;
        let numbers = value.repeat(if chance.below(2) == 0 { 1 } else { 1000 });
        super::chance::overwrite(&mut draft.data, start, &numbers);
    })
}

fn truncated(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = changed(seeds, chance, |_, _| ());
    bytes.truncate(4 + chance.below(bytes.len() - 4));
    bytes
}

fn versions(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        draft.version = [0, 1, 2, 4, 0x0300_0000, u32::MAX][chance.below(6)];
    })
}

fn long_keys(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let name = chance.pick(&["k", "error: ", "\n", "\u{0}", "\u{202e}"]).repeat(100_000).into_bytes();
        match chance.below(3) {
            0 => draft.entry(chance).key = name,
            1 => draft.tensor(chance).name = name,
            _ => draft.entries[0].value = text(&name),
        }
    })
}

fn not_utf8(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    changed(seeds, chance, |draft, chance| {
        let bytes = chance.bytes(40);
        match chance.below(3) {
            0 => draft.entry(chance).key = bytes,
            1 => draft.tensor(chance).name = bytes,
            _ => draft.entries[0].value = text(&bytes),
        }
    })
}
