//! Control tokens: their ids, and how text that merely looks like one is kept apart.
//!
//! A vocabulary's control tokens are found by content, never by a fixed id, and then checked against the ids in the
//! model's configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::error::PromptError;

/// Control tokens by content. `<unusedN>` belongs to them: some serve as sentinels, none is ever text.
const CONTROL: [&str; 11] = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<mask>",
    "[multimodal]",
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<end_of_image>",
    "<image_soft_token>",
];

/// Whether a token with this content controls the model rather than being text.
pub(super) fn is_control(content: &str) -> bool {
    let unused = || {
        let number = content.strip_prefix("<unused")?.strip_suffix('>')?;
        Some(!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    CONTROL.contains(&content) || unused().unwrap_or(false)
}

/// Ids of tokens with a special role in prompts and generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialIds {
    /// Padding.
    pub pad: u32,
    /// End of an answer.
    pub eos: u32,
    /// Start of every sequence.
    pub bos: u32,
    /// Stands in for what the vocabulary cannot express.
    pub unk: u32,
    /// Start of an image block; `None` in a vocabulary without images.
    pub boi: Option<u32>,
    /// End of an image block.
    pub eoi: Option<u32>,
    /// One position of an image, to be replaced with vision features.
    pub image: Option<u32>,
    /// Runs of line feeds by length: `"\n"` first, then `"\n\n"`, as long as they are single tokens.
    pub line_breaks: Vec<u32>,
}

/// The ids in a model's configuration; `None` if not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedIds {
    /// `pad_token_id`.
    pub pad: Option<u32>,
    /// `eos_token_id`.
    pub eos: Option<u32>,
    /// `bos_token_id`.
    pub bos: Option<u32>,
    /// `boi_token_index`.
    pub boi: Option<u32>,
    /// `eoi_token_index`.
    pub eoi: Option<u32>,
    /// `image_token_index`.
    pub image: Option<u32>,
}

impl SpecialIds {
    /// Finds the ids by content through `find`.
    pub(super) fn find(find: impl Fn(&str) -> Option<u32>) -> Result<Self, PromptError> {
        let needed = |content: &'static str| find(content).ok_or(PromptError::MissingToken(content));
        let mut line_breaks = Vec::new();
        let mut run = String::from("\n");
        while let Some(id) = find(&run) {
            line_breaks.push(id);
            run.push('\n');
        }
        Ok(Self {
            pad: needed("<pad>")?,
            eos: needed("<eos>")?,
            bos: needed("<bos>")?,
            unk: needed("<unk>")?,
            boi: find("<start_of_image>"),
            eoi: find("<end_of_image>"),
            image: find("<image_soft_token>"),
            line_breaks,
        })
    }

    /// Compares with a model's configuration.
    ///
    /// # Errors
    /// [`PromptError::IdMismatch`] with the first id that differs; [`PromptError::MissingToken`] if the
    /// configuration names an image token that the vocabulary lacks.
    pub fn check_against(&self, expected: &ExpectedIds) -> Result<(), PromptError> {
        let rows = [
            ("pad_token_id", "<pad>", Some(self.pad), expected.pad),
            ("eos_token_id", "<eos>", Some(self.eos), expected.eos),
            ("bos_token_id", "<bos>", Some(self.bos), expected.bos),
            ("boi_token_index", "<start_of_image>", self.boi, expected.boi),
            ("eoi_token_index", "<end_of_image>", self.eoi, expected.eoi),
            ("image_token_index", "<image_soft_token>", self.image, expected.image),
        ];
        for (name, content, tokenizer, model) in rows {
            match (tokenizer, model) {
                (Some(tokenizer), Some(model)) if tokenizer != model => {
                    return Err(PromptError::IdMismatch { name, tokenizer, model });
                }
                (None, Some(_)) => return Err(PromptError::MissingToken(content)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Ids at which a prompt that continues a pattern of lines ends: end of answer, line break, blank line.
    pub fn line_stops(&self) -> Vec<u32> {
        std::iter::once(self.eos).chain(self.line_breaks.iter().copied()).collect()
    }
}

/// Finds control strings in text that is data.
#[derive(Clone, Debug, Default)]
pub(super) struct ControlStrings {
    /// First character → the control strings that start with it.
    by_first: BTreeMap<char, BTreeSet<String>>,
    /// Lengths in bytes that occur, so that each position needs only a few lookups.
    lengths: BTreeSet<usize>,
}

impl ControlStrings {
    pub(super) fn new<'a>(contents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut strings = Self::default();
        for content in contents {
            if let Some(first) = content.chars().next() {
                strings.by_first.entry(first).or_default().insert(content.to_owned());
                strings.lengths.insert(content.len());
            }
        }
        strings
    }

    /// Cuts `text` into ranges that contain no control string: each occurrence is split after its first character.
    /// Encoded separately, the pieces spell the same text without a control token.
    pub(super) fn pieces(&self, text: &str) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for (at, first) in text.char_indices() {
            let Some(known) = self.by_first.get(&first) else { continue };
            let here = self.lengths.iter().filter_map(|length| text.get(at..at + length));
            if here.into_iter().any(|candidate| known.contains(candidate)) {
                let cut = at + first.len_utf8();
                pieces.push(start..cut);
                start = cut;
            }
        }
        if start < text.len() {
            pieces.push(start..text.len());
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_tokens_are_told_from_markup() {
        for (content, expected) in [
            ("<eos>", true),
            ("<unused0>", true),
            ("<unused6237>", true),
            ("<unused>", false),
            ("<unused1x>", false),
            ("<table>", false),
            ("\n", false),
            ("<0x0A>", false),
        ] {
            assert_eq!(is_control(content), expected, "{content}");
        }
    }

    #[test]
    fn each_occurrence_is_cut_after_its_first_character() {
        let strings = ControlStrings::new(["<eos>", "<unused1>"]);
        let parts = |text: &'static str| strings.pieces(text).into_iter().map(|r| &text[r]).collect::<Vec<_>>();
        assert_eq!(parts("a<eos>b"), ["a<", "eos>b"]);
        assert_eq!(parts("<<eos><eos>"), ["<<", "eos><", "eos>"]);
        assert_eq!(parts("<unused1<eos>"), ["<unused1<", "eos>"]);
        assert_eq!(parts("é<eo s>"), ["é<eo s>"]);
        assert!(parts("").is_empty());
    }
}
