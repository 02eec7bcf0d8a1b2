//! Scores an answer against the expected one: exact match and F1 over words, as in SQuAD (arXiv 1606.05250, section 6.1).

use std::collections::HashMap;

/// Punctuation of numbers and amounts, which is kept: `4.2 %` and `42 %` differ.
const KEPT: [char; 4] = ['.', '%', '$', '€'];

/// Words that are ignored.
const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// The words of an answer: lower case, without articles, and without punctuation outside numbers.
pub(super) fn words(text: &str) -> Vec<String> {
    let is_dropped = |c: &char| c.is_ascii_punctuation() && !KEPT.contains(c);
    let plain: String = text.to_lowercase().chars().filter(|c| !is_dropped(c)).collect();
    let words = plain.split_whitespace().map(|word| word.trim_matches('.'));
    words.filter(|word| !word.is_empty() && !ARTICLES.contains(word)).map(ToOwned::to_owned).collect()
}

/// Whether an answer has the same words as the expected one, in the same order.
pub(super) fn is_exact(given: &str, right: &str) -> bool {
    words(given) == words(right)
}

/// The harmonic mean of precision and recall over words.
pub(super) fn f1(given: &str, right: &str) -> f64 {
    let (given, right) = (words(given), words(right));
    if given.is_empty() || right.is_empty() {
        return f64::from(u8::from(given == right));
    }
    let mut left: HashMap<&String, usize> = HashMap::new();
    for word in &right {
        *left.entry(word).or_default() += 1;
    }
    let mut common = 0_u32;
    for word in &given {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    2.0 * f64::from(common) / (given.len() + right.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_by_words() {
        for (given, right, exact, expected) in [
            ("The Rhine", "rhine.", true, 1.0),
            ("$4.2 million", "$4.2 million", true, 1.0),
            ("42 million", "4.2 million", false, 0.5),
            ("by 6,200 vehicles", "6,200 vehicles", false, 0.8),
            ("to to to", "to", false, 0.5),
            ("Elmfield", "Northmoor", false, 0.0),
            ("", "Northmoor", false, 0.0),
            ("Northmoor Elmfield", "Elmfield Northmoor", false, 1.0),
        ] {
            assert_eq!(is_exact(given, right), exact, "{given} for {right}");
            assert!((f1(given, right) - expected).abs() < 1e-9, "{given} for {right}: {}", f1(given, right));
        }
    }
}
