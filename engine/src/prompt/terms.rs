//! Words and numbers of a text as a search sees them: the same term for "rates" and "rate", for "1,234" and "1234".

use crate::text::numbers::{starts_with_digit, without_thousands_separators};

/// Words that say nothing about what a question is after.
const STOP_WORDS: [&str; 62] = [
    "a",
    "about",
    "according",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "by",
    "did",
    "do",
    "does",
    "during",
    "for",
    "from",
    "give",
    "had",
    "has",
    "have",
    "how",
    "in",
    "into",
    "is",
    "it",
    "its",
    "long",
    "many",
    "much",
    "name",
    "of",
    "on",
    "or",
    "report",
    "shown",
    "that",
    "the",
    "their",
    "there",
    "these",
    "they",
    "this",
    "to",
    "was",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whose",
    "why",
    "with",
    "would",
    "you",
    "list",
    "please",
    "document",
    "than",
    "page",
];

/// Splits text in terms for ranking.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms;

impl bm25::Tokenizer for Terms {
    fn tokenize(&self, text: &str) -> Vec<String> {
        terms(text)
    }
}

/// The terms of a text in order, stop words left out.
pub(super) fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for raw in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | '\'' | '-'))) {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_empty() {
            continue;
        }
        if word.contains('-') {
            // "FFO-A" is the name of a table; its parts alone say nothing.
            terms.push(word.to_lowercase());
        }
        for part in word.split('-') {
            if is_number(part) {
                terms.push(without_thousands_separators(part));
            } else {
                part.split(|c: char| !c.is_alphanumeric()).for_each(|word| push_word(&mut terms, &word.to_lowercase()));
            }
        }
    }
    terms
}

fn push_word(terms: &mut Vec<String>, word: &str) {
    if word.chars().any(|c| matches!(c, '\u{2E80}'..='\u{9FFF}')) {
        // Scripts without blanks: neighbouring pairs of characters stand for words.
        let characters: Vec<char> = word.chars().collect();
        terms.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
    } else if !word.is_empty() && !STOP_WORDS.contains(&word) {
        terms.push(stem(word).to_owned());
    }
}

/// Drops common English endings, roughly: enough to join singular and plural, and the forms of a verb.
fn stem(word: &str) -> &str {
    if !word.is_ascii() || word.len() < 4 {
        return word;
    }
    let word =
        word.strip_suffix("ies").or_else(|| word.strip_suffix("es")).or_else(|| word.strip_suffix('s')).unwrap_or(word);
    for ending in ["ing", "ed", "ly"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() >= 4) {
            return stem.strip_suffix('e').unwrap_or(stem);
        }
    }
    word.strip_suffix(['e', 'y']).filter(|stem| stem.len() >= 3).unwrap_or(word)
}

/// Whether a term is a number.
pub(super) fn is_number(term: &str) -> bool {
    starts_with_digit(term)
}

#[cfg(test)]
mod tests {
    use super::terms;

    #[test]
    fn forms_of_a_word_become_one_term() {
        for (a, b) in [("rates", "rate"), ("increased", "increase"), ("companies", "company"), ("1,234.5", "1234.5")] {
            assert_eq!(terms(a), terms(b), "{a} {b}");
        }
        assert_eq!(terms("What was the deficit in 2024?"), ["deficit", "2024"]);
        assert_eq!(terms("Chart FFO-A"), ["chart", "ffo-a", "ffo"]);
        assert_eq!(terms("失業率"), ["失業", "業率"]);
    }
}
