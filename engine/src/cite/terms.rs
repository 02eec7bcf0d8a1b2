//! Splits text into the words and numbers that link an answer to its page.

use crate::text::numbers::{is_number, without_thousands_separators};

/// Words too common to link an answer to a line. Shorter than a search engine's list on purpose: "no", "more" and "over"
/// do tell lines apart.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "had", "has", "have", "in", "is", "it",
    "its", "of", "on", "or", "than", "that", "the", "their", "there", "these", "they", "this", "to", "was", "were",
    "which", "will", "with",
];

/// A word or number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// For comparison: lower case, numbers without thousands separators.
    pub key: String,
    /// As written in the text.
    pub shown: String,
    /// Whether it is a number.
    pub number: bool,
}

/// The distinct terms of an answer or a line, in order of first use. Signs, currencies and percent signs are not part of a
/// number: "$4,919.5" and "4919.5" are the same term, "4919.5" and "4919" are not.
pub fn answer_terms(text: &str) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | '\'' | '’'))) {
        let shown = word.trim_matches(|c: char| !c.is_alphanumeric());
        if shown.is_empty() {
            continue;
        }
        let number = is_number(shown);
        let key = if number { without_thousands_separators(shown) } else { shown.to_lowercase() };
        if COMMON.contains(&key.as_str()) || terms.iter().any(|term| term.key == key) {
            continue;
        }
        terms.push(Term { key, shown: shown.to_owned(), number });
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::answer_terms;

    #[test]
    fn words_and_numbers_are_compared_by_what_they_mean() {
        for (text, expected) in [
            ("$4,919.5 billion in 2021.", vec!["4919.5", "billion", "2021"]),
            ("The net Revenue", vec!["net", "revenue"]),
            ("(1,234)", vec!["1234"]),
            ("12.3 %", vec!["12.3"]),
            ("revenue, Revenue", vec!["revenue"]),
            ("7-year T-bills", vec!["7", "year", "t", "bills"]),
            ("… — |", vec![]),
        ] {
            let keys: Vec<String> = answer_terms(text).into_iter().map(|term| term.key).collect();
            assert_eq!(keys, expected, "{text}");
        }
    }
}
