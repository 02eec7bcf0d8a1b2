//! Numbers in a text, and when two of them are the same number.

use std::ops::Range;

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// What it may be, without separators of thousands and with a point before decimals: "1.234" is one thing in New York and
    /// another in Berlin.
    pub forms: Vec<String>,
}

/// The numbers of a text that say something: no parts of names ("Q1"), no ordinals ("1st"), no numbers of pages.
pub(crate) fn numbers(text: &str) -> Vec<Number> {
    all(text).into_iter().filter(|number| says_something(text, &number.at)).collect()
}

/// What the numbers of a text may be, all of them.
pub(crate) fn number_forms(text: &str) -> impl Iterator<Item = String> {
    all(text).into_iter().flat_map(|number| number.forms)
}

fn all(text: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) =
        text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit())).map(|next| at + next)
    {
        let end = end_of(text, start);
        found.push(Number { at: start..end, forms: forms(&text[start..end]) });
        at = end;
    }
    found
}

/// Where a number that begins at `start` ends: separators belong to it while digits follow.
fn end_of(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut rest = text[start..].char_indices().peekable();
    while let Some((at, letter)) = rest.next() {
        if letter.is_ascii_digit() {
            end = start + at + 1;
        } else if !(is_separator(letter) && rest.peek().is_some_and(|(_, next)| next.is_ascii_digit())) {
            break;
        }
    }
    end
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '.' | ',' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn forms(number: &str) -> Vec<String> {
    let separators: Vec<(usize, char)> = number.char_indices().filter(|(_, letter)| is_separator(*letter)).collect();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let whole = digits(number);
    let Some(&(last, separator)) = separators.last() else { return vec![whole] };
    let after = digits(&number[last..]);
    let decimal = || format!("{}.{after}", digits(&number[..last]));
    let is_alike = separators.iter().all(|(_, other)| *other == separator);
    if !matches!(separator, '.' | ',') || (separators.len() > 1 && is_alike) {
        return vec![whole];
    }
    let could_group = after.len() == 3 && last <= 3 && !number.starts_with('0') && separators.len() == 1;
    if could_group { vec![whole, decimal()] } else { vec![decimal()] }
}

fn says_something(text: &str, at: &Range<usize>) -> bool {
    let before = text[..at.start].trim_end_matches(['-', '−', '(']);
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return false;
    }
    let after = &text[at.end..];
    if ["st", "nd", "rd", "th"]
        .iter()
        .any(|ending| after.strip_prefix(ending).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
    {
        return false;
    }
    let word = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    !matches!(word.trim_start_matches('('), "page" | "pages" | "p." | "pp.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_say_something_are_found() {
        for (text, expected) in [
            ("Net receipts fell 4.2 percent to $1,234.5 million in 2024.", vec!["4.2", "1,234.5", "2024"]),
            ("(3.2) and -7", vec!["3.2", "7"]),
            ("0.3 % in Q1, the 2nd time, page 9", vec!["0.3"]),
            ("1.234.567,89 Euro; 12 500 Francs", vec!["1.234.567,89", "12", "500"]),
            ("12\u{202f}500 francs", vec!["12\u{202f}500"]),
            ("FY2025 and 10-year", vec!["10"]),
            ("none", vec![]),
        ] {
            let found: Vec<&str> = numbers(text).into_iter().map(|number| &text[number.at]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_the_same_however_they_are_separated() {
        let same = |one: &str, other: &str| {
            let others: Vec<String> = number_forms(other).collect();
            number_forms(one).any(|form| others.contains(&form))
        };
        for (one, other, expected) in [
            ("1,234.5", "1 234.5", false),
            ("1,234.5", "1.234,5", true),
            ("1,234", "1234", true),
            ("1.234", "1234", true),
            ("0.234", "234", false),
            ("0.3", "0.30", false),
            ("12\u{a0}500", "12,500", true),
            ("1'000'000", "1,000,000", true),
            ("4.2", "42", false),
        ] {
            assert_eq!(same(one, other), expected, "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_place_can_be_cut_out(text in "\\PC{0,80}") {
            for number in numbers(&text) {
                proptest::prop_assert!(text.get(number.at).is_some());
            }
        }
    }
}
