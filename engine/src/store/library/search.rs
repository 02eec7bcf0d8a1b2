//! Finding words in a text: all of them, case-insensitively, in any order.

use crate::untrusted::turns_text;

/// Characters of context before and after a match.
const CONTEXT: usize = 60;

/// A passage in which words were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The words with their context, on one line.
    pub text: String,
    /// Their byte ranges in `text`.
    pub found: Vec<std::ops::Range<usize>>,
}

/// The passage around the first of `query`'s words, provided `text` contains all of them.
pub fn find_words(text: &str, query: &str) -> Option<Passage> {
    let folded = Folded::new(text);
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut places = Vec::new();
    for word in &words {
        places.push(folded.find(word)?);
    }
    let first = places.first()?.clone();
    let before = text[..first.start].char_indices().rev().take(CONTEXT).last().map_or(first.start, |(at, _)| at);
    let after = text[first.end..].char_indices().nth(CONTEXT).map_or(text.len(), |(at, _)| first.end + at);
    let mut shown = Passage { text: String::new(), found: Vec::new() };
    if before > 0 {
        shown.text.push('…');
    }
    let shift = shown.text.len();
    let excerpt = &text[before..after];
    // What replaces a character is as long as it, so byte ranges stay valid.
    shown.text.extend(excerpt.chars().map(shown_char));
    if after < text.len() {
        shown.text.push('…');
    }
    let excerpt = Folded::new(excerpt);
    for word in &words {
        shown.found.extend(excerpt.all(word).map(|found| found.start + shift..found.end + shift));
    }
    shown.found.sort_by_key(|found| found.start);
    shown.found.dedup_by(|next, last| next.start < last.end);
    Some(shown)
}

/// A character of the text as it may be shown on one line; another one of the same length where it must not.
fn shown_char(letter: char) -> char {
    match letter.len_utf8() {
        1 if letter.is_control() => ' ',
        2 if letter.is_control() => '\u{a0}',
        3 if turns_text(letter) => '\u{fffd}',
        _ => letter,
    }
}

/// A text in lower case, with the origin of each byte.
struct Folded {
    text: String,
    /// For each byte of `text`: start and end of its character in the original.
    from: Vec<(usize, usize)>,
}

impl Folded {
    fn new(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), from: Vec::with_capacity(original.len()) };
        for (at, letter) in original.char_indices() {
            let before = folded.text.len();
            folded.text.extend(letter.to_lowercase());
            let grown = folded.text.len() - before;
            folded.from.extend(std::iter::repeat_n((at, at + letter.len_utf8()), grown));
        }
        folded
    }

    fn find(&self, word: &str) -> Option<std::ops::Range<usize>> {
        self.all(word).next()
    }

    fn all<'a>(&'a self, word: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        self.text.match_indices(word).filter_map(|(at, found)| {
            let start = self.from.get(at)?.0;
            let end = self.from.get(at + found.len().max(1) - 1)?.1;
            Some(start..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_word_must_stand_there() {
        let text = "Net receipts of the year\nfell by 4.2 percent, İstanbul apart.";
        for (query, expected) in [
            ("RECEIPTS", Some(vec!["receipts"])),
            ("percent net", Some(vec!["Net", "percent"])),
            ("year fell", Some(vec!["year", "fell"])),
            ("receipts outlays", None),
            ("i̇stanbul", Some(vec!["İstanbul"])),
            ("", None),
        ] {
            let found = find_words(text, query);
            let words = found
                .as_ref()
                .map(|passage| passage.found.iter().map(|at| &passage.text[at.clone()]).collect::<Vec<_>>());
            assert_eq!(words, expected, "{query}");
        }
        let turned = find_words("\u{202e}net\u{9b}receipts\u{7} of the year", "receipts").unwrap();
        assert_eq!(turned.text, "\u{fffd}net\u{a0}receipts  of the year");
        assert_eq!(&turned.text[turned.found[0].clone()], "receipts");
        assert!(!find_words(text, "receipts").unwrap().text.contains('\n'));
    }

    #[test]
    fn a_long_text_is_cut_around_the_words() {
        let text = format!("{}needle{}", "hay ".repeat(100), " hay".repeat(100));
        let passage = find_words(&text, "needle").unwrap();
        assert_eq!(passage.text.chars().count(), 6 + 2 * CONTEXT + 2);
        assert!(passage.text.starts_with('…') && passage.text.ends_with('…'));
    }

    proptest! {
        #[test]
        fn no_text_is_cut_within_a_character(text in "\\PC{0,200}", query in "\\PC{0,6}") {
            if let Some(passage) = find_words(&text, &query) {
                for found in passage.found {
                    prop_assert!(passage.text.get(found).is_some());
                }
            }
        }
    }
}
