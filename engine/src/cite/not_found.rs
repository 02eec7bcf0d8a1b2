//! Recognises answers that say that the documents do not hold the answer.

use crate::protocol::{NOT_IN_DOCUMENT, PageEvidence};

/// Phrases of models for "not found", in lower case and without the final full stop.
const PHRASES: [&str; 6] = [
    "not stated",
    "not found",
    "not mentioned",
    "not in the report",
    "not stated in the document",
    "not stated in the report",
];

/// Whether an answer was not found in the documents: it says so, or no evidence supports it. An empty answer says nothing.
pub fn is_not_found(answer: &str, evidence: &[PageEvidence]) -> bool {
    let plain = |text: &str| text.trim().trim_end_matches('.').to_lowercase();
    let words = plain(answer);
    let says_so = words == plain(NOT_IN_DOCUMENT) || PHRASES.contains(&words.as_str());
    !words.is_empty() && (evidence.is_empty() || says_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_say_not_found_are_recognised() {
        let page = PageEvidence { document: 0, page: 1, label: None, share: 1.0, spans: Vec::new() };
        for (answer, has_evidence, expected) in [
            ("Not stated.", true, true),
            (" not found ", true, true),
            (NOT_IN_DOCUMENT, true, true),
            ("Not in the report", true, true),
            ("Not stated by the company.", true, false),
            ("4.2", true, false),
            ("4.2", false, true),
            (".", false, false),
            ("", false, false),
        ] {
            let evidence: &[PageEvidence] = if has_evidence { std::slice::from_ref(&page) } else { &[] };
            assert_eq!(is_not_found(answer, evidence), expected, "{answer} {has_evidence}");
        }
    }
}
