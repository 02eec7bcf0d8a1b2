//! Splits text into terms for ranking: "rates" and "rate" are one term, and so are "1,234" and "1234".

use crate::text::Language;
use crate::text::numbers::{starts_with_digit, without_thousands_separators};

/// Words of English questions that say how to answer, not what to look for; they are no stop words of the language.
const REQUEST_WORDS: [&str; 14] = [
    "according",
    "document",
    "give",
    "list",
    "long",
    "many",
    "much",
    "name",
    "page",
    "please",
    "report",
    "shown",
    "whose",
    "would",
];

/// English stop words that questions on reports depend on: "the No. column", "before tax", "the most".
const SEARCHED_STOP_WORDS: [&str; 25] = [
    "above", "after", "again", "against", "all", "before", "below", "between", "down", "each", "few", "more", "most",
    "no", "nor", "not", "off", "only", "other", "out", "over", "own", "same", "under", "up",
];

/// The terms of a text in order, without stop words.
pub(super) fn terms(text: &str, language: Language) -> Vec<String> {
    let mut terms = Vec::new();
    for word in words(text) {
        if word.contains('-') {
            // "FFO-A" is the name of a table; its parts alone are not.
            terms.push(word.to_lowercase());
        }
        for part in word.split('-') {
            if is_number(part) {
                terms.push(without_thousands_separators(part));
            } else {
                let words = part.split(|c: char| !c.is_alphanumeric());
                words.for_each(|word| push_word(&mut terms, &word.to_lowercase(), language));
            }
        }
    }
    terms
}

/// The words of a text; compounds with a hyphen and numbers with separators are one word.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | '\'' | '-')))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

fn push_word(terms: &mut Vec<String>, word: &str, language: Language) {
    if word.chars().any(|c| matches!(c, '\u{2E80}'..='\u{9FFF}')) {
        // Scripts without spaces: pairs of neighbouring characters stand in for words.
        let characters: Vec<char> = word.chars().collect();
        terms.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
    } else if !word.is_empty() && !is_stop_word(word, language) {
        terms.push(language.stem(word).into_owned());
    }
}

fn is_stop_word(word: &str, language: Language) -> bool {
    let is_common = language.is_stop_word(word);
    if language != Language::English {
        return is_common;
    }
    is_common && !SEARCHED_STOP_WORDS.contains(&word) || REQUEST_WORDS.contains(&word)
}

/// Whether a term is a number, perhaps with a unit.
pub(super) fn is_number(term: &str) -> bool {
    starts_with_digit(term)
}

#[cfg(test)]
mod tests {
    use super::terms;
    use crate::text::Language::{self, English};

    #[test]
    fn forms_of_a_word_become_one_term() {
        for (a, b) in [("rates", "rate"), ("increased", "increase"), ("companies", "company"), ("1,234.5", "1234.5")] {
            assert_eq!(terms(a, English), terms(b, English), "{a} {b}");
        }
        assert_eq!(terms("What was the deficit in 2024?", English), ["deficit", "2024"]);
        assert_eq!(terms("Chart FFO-A", English), ["chart", "ffo-a", "ffo"]);
        assert_eq!(terms("Which is before tax?", English), ["befor", "tax"]);
        assert_eq!(terms("失業率", English), ["失業", "業率"]);
    }

    #[test]
    fn a_document_is_searched_in_its_language() {
        let terms_of = |text| terms(text, Language::German);
        assert_eq!(terms_of("Wie hoch waren die Erlöse?"), terms_of("hoch: Erlösen"));
        assert_eq!(terms_of("失業率 2024"), ["失業", "業率", "2024"]);
    }
}
