//! A tokenizer rebuilt from the vocabulary inside a GGUF file.
//!
//! Gemma's GGUF files contain pieces with scores, not the merges that the tokenizer works with. The merges follow from
//! the pieces: every way to split a piece into two pieces of the vocabulary is a merge, and the piece's score says how
//! early it is tried. The result equals the published `tokenizer.json`, merge for merge.

use std::cmp::Ordering;

use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::replace::Replace;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior};

use super::error::PromptError;
use super::special::is_control;
use super::tokenizer_file;

/// How the tokenizer writes a space.
pub(super) const BLANK: char = '\u{2581}';

/// The vocabulary of a GGUF file; entry `i` of each list belongs to id `i`.
#[derive(Clone, Debug, Default)]
pub struct GgufVocabulary {
    /// `tokenizer.ggml.tokens`.
    pub tokens: Vec<String>,
    /// `tokenizer.ggml.scores`.
    pub scores: Vec<f32>,
    /// `tokenizer.ggml.token_type`: 1 ordinary, 2 unknown, 3 control, 4 user-defined, 6 byte.
    pub token_types: Vec<u32>,
}

/// Type of tokens that control the model.
const CONTROL_TYPE: u32 = 3;
/// Type of tokens that are matched whole before anything is merged.
const USER_DEFINED_TYPE: u32 = 4;
/// Type of the tokens `<0x00>` to `<0xFF>`.
const BYTE_TYPE: u32 = 6;

/// A way to make a piece of two: its score, the ids of its parts, and their lengths in characters.
struct Merge {
    score: f32,
    left: u32,
    right: u32,
    left_chars: usize,
    right_chars: usize,
}

impl Merge {
    /// Better scores first, then longer left parts, then longer right parts.
    fn rank(&self, other: &Self) -> Ordering {
        (other.score.total_cmp(&self.score))
            .then(other.left_chars.cmp(&self.left_chars))
            .then(other.right_chars.cmp(&self.right_chars))
    }
}

/// The pieces as the tokenizer knows them: spaces are written as [`BLANK`].
fn pieces(vocabulary: &GgufVocabulary) -> Vec<String> {
    let written = |(token, kind): (&String, &u32)| {
        if *kind == USER_DEFINED_TYPE { token.replace(' ', BLANK.encode_utf8(&mut [0; 4])) } else { token.clone() }
    };
    vocabulary.tokens.iter().zip(&vocabulary.token_types).map(written).collect()
}

fn merges(vocabulary: &GgufVocabulary, pieces: &[String], ids: &Vocab) -> Vec<(String, String)> {
    let mut merges: Vec<Merge> = Vec::with_capacity(2 * pieces.len());
    for ((piece, score), kind) in pieces.iter().zip(&vocabulary.scores).zip(&vocabulary.token_types) {
        if *kind == CONTROL_TYPE || *kind == BYTE_TYPE {
            continue;
        }
        // The converter overwrites the scores of user-defined pieces, which all come first in the original. Adding zero
        // turns -0.0 into 0.0, which `total_cmp` would distinguish.
        let score = if *kind == USER_DEFINED_TYPE { 0.0 } else { *score + 0.0 };
        let length = piece.chars().count();
        let first = merges.len();
        for (left_chars, (cut, _)) in piece.char_indices().enumerate().skip(1) {
            let (left, right) = piece.split_at(cut);
            if let (Some(&left), Some(&right)) = (ids.get(left), ids.get(right)) {
                merges.push(Merge { score, left, right, left_chars, right_chars: length - left_chars });
            }
        }
        if let Some(of_this_piece) = merges.get_mut(first..) {
            of_this_piece.sort_by_key(|merge| (merge.left, merge.right));
        }
    }
    merges.sort_by(Merge::rank);
    let text = |id: u32| pieces.get(id as usize).cloned().unwrap_or_default();
    merges.into_iter().map(|merge| (text(merge.left), text(merge.right))).collect()
}

/// Builds the tokenizer: spaces become [`BLANK`], user-defined and control tokens match first, then merges, and bytes
/// for the rest.
pub(super) fn build(vocabulary: &GgufVocabulary) -> Result<tokenizers::Tokenizer, PromptError> {
    let GgufVocabulary { tokens, scores, token_types } = vocabulary;
    if tokens.len() != scores.len() || tokens.len() != token_types.len() {
        return Err(PromptError::UnequalVocabulary {
            tokens: tokens.len(),
            scores: scores.len(),
            types: token_types.len(),
        });
    }
    let is_added = |kind: u32| matches!(kind, CONTROL_TYPE | USER_DEFINED_TYPE);
    for (token, &kind) in tokens.iter().zip(token_types) {
        tokenizer_file::check_piece(token, is_added(kind))?;
    }
    tokenizer_file::check_counts(tokens.len(), token_types.iter().filter(|&&kind| is_added(kind)).count())?;
    let pieces = pieces(vocabulary);
    let ids: Vocab = pieces.iter().cloned().zip(0_u32..).collect();
    let bos = *ids.get("<bos>").ok_or(PromptError::MissingToken("<bos>"))?;
    let merges = merges(vocabulary, &pieces, &ids);
    let model = BPE::builder()
        .vocab_and_merges(ids, merges)
        .unk_token("<unk>".to_owned())
        .fuse_unk(true)
        .byte_fallback(true)
        .build()
        .map_err(PromptError::Malformed)?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    add_pipeline(&mut tokenizer, bos)?;
    let added = pieces.into_iter().zip(token_types).filter(|(_, kind)| is_added(**kind));
    let added = added.map(|(content, _)| {
        let special = is_control(&content) && !content.starts_with("<unused") && content != "[multimodal]";
        AddedToken::from(content, special).normalized(false)
    });
    tokenizer.add_tokens(added).map_err(PromptError::Malformed)?;
    Ok(tokenizer)
}

/// The steps around the merges.
fn add_pipeline(tokenizer: &mut tokenizers::Tokenizer, bos: u32) -> Result<(), PromptError> {
    let blank = BLANK.to_string();
    let writes_blanks = Replace::new(" ", blank.as_str()).map_err(PromptError::Malformed)?;
    let reads_blanks = Replace::new(blank.as_str(), " ").map_err(PromptError::Malformed)?;
    let split = Split::new(SplitPattern::String(" ".to_owned()), SplitDelimiterBehavior::MergedWithPrevious, false);
    let template = TemplateProcessing::builder()
        .try_single("<bos> $A")
        .and_then(|builder| builder.try_pair("<bos> $A <bos>:1 $B:1"))
        .map_err(|message| PromptError::Malformed(message.into()))?
        .special_tokens(vec![("<bos>", bos)])
        .build()
        .map_err(|error| PromptError::Malformed(Box::new(error)))?;
    tokenizer.with_normalizer(Some(writes_blanks)).map_err(PromptError::Malformed)?;
    tokenizer.with_pre_tokenizer(Some(split.map_err(PromptError::Malformed)?));
    tokenizer.with_decoder(Some(Sequence::new(vec![
        reads_blanks.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ])));
    tokenizer.with_post_processor(Some(template));
    Ok(())
}
