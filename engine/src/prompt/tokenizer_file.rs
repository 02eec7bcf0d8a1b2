//! What a `tokenizer.json` may contain: Gemma's tokenizer and nothing else.
//!
//! The file comes with a model and is not trusted. Its format can describe programs: normalisers that multiply a text,
//! patterns that never end, templates that drop it. Everything is checked here, without building anything, before the
//! file is given to the tokenizer library.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::error::PromptError;

/// Gemma's file has 33 megabytes.
pub(super) const MAX_BYTES: u64 = 96 << 20;
/// Gemma's vocabulary has 262,144 pieces of at most 93 bytes.
const MAX_PIECES: usize = 1 << 20;
const MAX_PIECE_BYTES: usize = 1024;
/// Gemma's file has 514,906 merges.
const MAX_MERGES: usize = 4 << 20;
/// Gemma's file has some 6,400 added tokens of at most 31 bytes.
const MAX_ADDED: usize = 1 << 15;
const MAX_ADDED_BYTES: usize = 256;
/// Any step of the pipeline: bytes of its texts, and one for each value.
const MAX_STEP_BYTES: usize = 16 << 10;

/// The file as far as it is checked. Unlike the library's reader, this one refuses keys that occur twice.
#[derive(Deserialize)]
struct TokenizerFile<'a> {
    #[serde(default)]
    normalizer: Option<Step>,
    #[serde(default)]
    pre_tokenizer: Option<Step>,
    #[serde(default)]
    post_processor: Option<Step>,
    #[serde(default)]
    decoder: Option<Step>,
    #[serde(borrow)]
    model: BytePairs<'a>,
    #[serde(default)]
    added_tokens: List<AddedToken, MAX_ADDED>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BytePairs<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    dropout: Option<f64>,
    #[serde(default, rename = "unk_token")]
    _unk_token: Option<IgnoredAny>,
    #[serde(borrow, default)]
    continuing_subword_prefix: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    end_of_word_suffix: Option<Cow<'a, str>>,
    #[serde(default, rename = "fuse_unk")]
    _fuse_unk: bool,
    #[serde(default, rename = "byte_fallback")]
    _byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    #[serde(rename = "vocab")]
    _vocab: Pieces,
    #[serde(rename = "merges")]
    _merges: List<Merge, MAX_MERGES>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the file has them")]
struct AddedToken {
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
    #[serde(default)]
    special: bool,
}

/// A list of at most `MAX` entries.
struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Entries<T, MAX> {
            type Value = List<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    if entries.len() == MAX {
                        return Err(A::Error::custom(format!("a list of more than {MAX} entries")));
                    }
                    entries.push(entry);
                }
                Ok(List(entries))
            }
        }
        deserializer.deserialize_seq(Entries(PhantomData))
    }
}

/// A step of the pipeline, provided that it is short.
struct Step(Value);

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Short(&Cell::new(MAX_STEP_BYTES)).deserialize(deserializer).map(Self)
    }
}

/// Reads a value while bytes are left for it.
#[derive(Clone, Copy)]
struct Short<'a>(&'a Cell<usize>);

impl Short<'_> {
    fn spend<E: serde::de::Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(bytes + 1);
        self.0.set(left.ok_or_else(|| E::custom(format!("a step of more than {MAX_STEP_BYTES} bytes")))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Short<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Short<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step of a tokenizer")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.spend(0).map(|()| Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.spend(0).map(|()| value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.spend(value.len()).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.spend(0)?;
        let mut values = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            self.spend(name.len())?;
            if values.insert(name, map.next_value_seed(self)?).is_some() {
                return Err(A::Error::custom("a name that occurs twice"));
            }
        }
        Ok(values.into())
    }
}

/// A merge of two pieces, in either spelling; only its size is looked at.
struct Merge;

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Measured;
        impl<'de> Visitor<'de> for Measured {
            type Value = Merge;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("two pieces")
            }

            fn visit_str<E: serde::de::Error>(self, both: &str) -> Result<Merge, E> {
                if both.len() > 2 * MAX_PIECE_BYTES + 1 {
                    return Err(E::custom(format!("a merge of {} bytes", both.len())));
                }
                Ok(Merge)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pieces: A) -> Result<Merge, A::Error> {
                for at in 0..2 {
                    pieces.next_element_seed(PieceText)?.ok_or_else(|| A::Error::invalid_length(at, &self))?;
                }
                if pieces.next_element::<IgnoredAny>()?.is_some() {
                    return Err(A::Error::invalid_length(3, &self));
                }
                Ok(Merge)
            }
        }
        deserializer.deserialize_any(Measured)
    }
}

/// The vocabulary; only its size and the length of its pieces are looked at.
struct Pieces;

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counted;
        impl<'de> Visitor<'de> for Counted {
            type Value = Pieces;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pieces by text")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pieces, A::Error> {
                let mut count = 0;
                while map.next_key_seed(PieceText)?.is_some() {
                    let id: u32 = map.next_value()?;
                    count += 1;
                    if count > MAX_PIECES || id as usize >= MAX_PIECES {
                        return Err(A::Error::custom(format!("more than {MAX_PIECES} pieces")));
                    }
                }
                Ok(Pieces)
            }
        }
        deserializer.deserialize_map(Counted)
    }
}

/// A piece's text, read without being copied.
struct PieceText;

impl<'de> DeserializeSeed<'de> for PieceText {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        struct Measured;
        impl Visitor<'_> for Measured {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a piece")
            }

            fn visit_str<E: serde::de::Error>(self, piece: &str) -> Result<(), E> {
                if piece.len() > MAX_PIECE_BYTES {
                    return Err(E::custom(format!("a piece of {} bytes", piece.len())));
                }
                Ok(())
            }
        }
        deserializer.deserialize_str(Measured)
    }
}

/// Checks the content of a `tokenizer.json`.
///
/// # Errors
/// [`PromptError::TooLarge`], [`PromptError::Malformed`], or [`PromptError::NotGemma`] naming what Gemma's tokenizer
/// does not use.
pub(super) fn check(json: &[u8]) -> Result<(), PromptError> {
    if json.len() as u64 > MAX_BYTES {
        return Err(PromptError::TooLarge { max_bytes: MAX_BYTES });
    }
    let file: TokenizerFile<'_> =
        serde_json::from_slice(json).map_err(|error| PromptError::Malformed(Box::new(error)))?;
    let blank = super::gguf_vocabulary::BLANK.to_string();
    let writes_blanks = json!({ "type": "Replace", "pattern": { "String": " " }, "content": blank });
    let reads_blanks = json!({ "type": "Replace", "pattern": { "String": blank }, "content": " " });
    let split = json!({
        "type": "Split", "pattern": { "String": " " }, "behavior": "MergedWithPrevious", "invert": false
    });
    let decoders = json!({
        "type": "Sequence", "decoders": [reads_blanks, { "type": "ByteFallback" }, { "type": "Fuse" }]
    });
    require("normalizer", file.normalizer, |step| *step == writes_blanks)?;
    require("pre_tokenizer", file.pre_tokenizer, |step| *step == split)?;
    require("decoder", file.decoder, |step| *step == decoders)?;
    require("post_processor", file.post_processor, is_template)?;
    check_model(&file.model)?;
    file.added_tokens.0.iter().try_for_each(check_added)
}

/// Requires a step of the pipeline to be absent or as Gemma has it.
fn require(part: &'static str, step: Option<Step>, is_gemma: impl Fn(&Value) -> bool) -> Result<(), PromptError> {
    let Some(Step(step)) = step else { return Ok(()) };
    if is_gemma(&step) {
        return Ok(());
    }
    let kind = step.get("type").and_then(Value::as_str).unwrap_or("without a type");
    // Of a kind that Gemma uses, the parameters are wrong, so they are shown.
    let is_known = matches!(kind, "Replace" | "Split" | "Sequence" | "TemplateProcessing");
    Err(PromptError::NotGemma { part, found: if is_known { step.to_string() } else { kind.to_owned() } })
}

/// Whether a template puts the text between special tokens, once and whole. Recto adds special tokens itself.
fn is_template(step: &Value) -> bool {
    let texts = |list: &str, names: &[&str]| {
        let Some(pieces) = step.get(list).and_then(Value::as_array) else { return false };
        let named = |piece: &Value| piece.pointer("/Sequence/id").and_then(Value::as_str).map(str::to_owned);
        let found: Vec<String> = pieces.iter().filter_map(named).collect();
        let others = pieces.iter().filter(|piece| piece.get("SpecialToken").is_some()).count();
        found == names && found.len() + others == pieces.len() && pieces.len() <= 8
    };
    step.get("type").and_then(Value::as_str) == Some("TemplateProcessing")
        && texts("single", &["A"])
        && texts("pair", &["A", "B"])
}

/// Checks the length of a piece, which for those matched whole is more limited.
pub(super) fn check_piece(piece: &str, is_added: bool) -> Result<(), PromptError> {
    if piece.len() <= if is_added { MAX_ADDED_BYTES } else { MAX_PIECE_BYTES } {
        return Ok(());
    }
    Err(PromptError::NotGemma { part: "vocabulary", found: format!("a token of {} bytes", piece.len()) })
}

/// Checks how many pieces there are, and how many of them are matched whole.
pub(super) fn check_counts(pieces: usize, added: usize) -> Result<(), PromptError> {
    if pieces <= MAX_PIECES && added <= MAX_ADDED {
        return Ok(());
    }
    let found = format!("{pieces} tokens, {added} of them matched whole");
    Err(PromptError::NotGemma { part: "vocabulary", found })
}

fn check_model(model: &BytePairs<'_>) -> Result<(), PromptError> {
    let not_gemma = |found: String| Err(PromptError::NotGemma { part: "model", found });
    let is_set = |text: &Option<Cow<'_, str>>| text.as_ref().is_some_and(|text| !text.is_empty());
    if model.kind != "BPE" {
        return not_gemma(model.kind.to_string());
    }
    if model.dropout.is_some_and(|share| share != 0.0) {
        return not_gemma("BPE with dropout".to_owned());
    }
    if is_set(&model.continuing_subword_prefix) {
        return not_gemma("BPE with continuing_subword_prefix".to_owned());
    }
    if is_set(&model.end_of_word_suffix) {
        return not_gemma("BPE with end_of_word_suffix".to_owned());
    }
    if model.ignore_merges {
        return not_gemma("BPE with ignore_merges".to_owned());
    }
    Ok(())
}

fn check_added(token: &AddedToken) -> Result<(), PromptError> {
    let not_gemma = |what: String| Err(PromptError::NotGemma { part: "added token", found: what });
    check_piece(&token.content, true)?;
    for (name, is_set) in [
        ("single_word", token.single_word),
        ("lstrip", token.lstrip),
        ("rstrip", token.rstrip),
        ("normalized", token.normalized),
    ] {
        if is_set {
            return not_gemma(format!("{} with {name}", token.content));
        }
    }
    // A control token of one character could not be kept out of documents.
    if token.special && token.content.chars().nth(1).is_none() {
        return not_gemma(format!("{} of one character, as a special token", token.content));
    }
    Ok(())
}
