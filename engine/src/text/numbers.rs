//! Numbers in a text: which words are numbers, where they stand, and when two of them are the same.
//!
//! This is the only place that knows how numbers are written. Decimal points, thousands separators and blanks differ
//! between countries, so [`number_forms`] gives every reading of an ambiguous number. Signs, units and percent signs are
//! not part of a number.

use std::ops::Range;

/// Characters that only ever separate thousands in a word. A comma counts: in a single word a comma more often separates
/// thousands than decimals.
const THOUSANDS: [char; 3] = [',', '\'', '’'];

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its position, in bytes.
    pub at: Range<usize>,
    /// Its possible values, without thousands separators and with a decimal point: "1.234" means one thing in New York and
    /// another in Berlin.
    pub forms: Vec<String>,
}

/// Whether a word is a number: it has a digit and no letter. "1,234.5" and "2021" are numbers, "Q1" and "3rd" are not.
pub fn is_number(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && !word.chars().any(char::is_alphabetic)
}

/// Whether a word begins with a digit, as numbers, years and quantities with a unit do: "2021", "3.5m", "1990s".
pub fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// A word without thousands separators, the decimal point kept: "1,234.5" and "1'234.5" become "1234.5".
pub fn without_thousands_separators(word: &str) -> String {
    word.replace(THOUSANDS, "")
}

/// The meaningful numbers of a text, in order. Parts of names ("Q1"), ordinals ("1st") and page numbers ("page 9") are
/// left out.
pub fn numbers(text: &str) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_start(text, at) {
        let end = spaced_end(text, start).unwrap_or_else(|| end_of(text, start));
        found.push(Number { at: start..end, forms: forms(&text[start..end]) });
        at = end;
    }
    found.retain(|number| is_meaningful(text, &number.at));
    found
}

/// The possible values of all numbers in a text. A blank between digits may separate thousands, or two numbers, so both
/// readings are given. Two texts share a number if they share a form.
pub fn number_forms(text: &str) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_start(text, at) {
        let end = end_of(text, start);
        found.extend(forms(&text[start..end]));
        if let Some(spaced) = spaced_end(text, start) {
            found.extend(forms(&text[start..spaced]));
        }
        at = end;
    }
    found.into_iter()
}

/// The start of the next number: a digit, or the leading point of a bare decimal (".5").
fn next_start(text: &str, from: usize) -> Option<usize> {
    let digit = from + text.get(from..)?.find(|c: char| c.is_ascii_digit())?;
    let bare = text.get(from..digit)?.strip_suffix('.');
    let is_bare = bare.is_some_and(|before| {
        (!before.is_empty() || from == 0) && !before.ends_with(|c: char| c.is_alphanumeric() || c == '.')
    });
    Some(if is_bare { digit - 1 } else { digit })
}

/// The end of the number at `start`: a separator belongs to it if a digit follows.
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

/// The end of a number with blanks between its thousands ("12 500", "1 234 567,8"); `None` if there is no such number.
fn spaced_end(text: &str, start: usize) -> Option<usize> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(start);
    if !(1..=3).contains(&first) || text[start..].starts_with('0') {
        return None;
    }
    let mut end = start + first;
    while text[end..].starts_with(' ') && digits(end + 1) == 3 {
        end += 4;
    }
    if end == start + first {
        return None;
    }
    let with_decimals = end_of(text, end - 1);
    let has_more_groups = text[end..with_decimals].chars().filter(|letter| is_separator(*letter)).count() > 1;
    (!has_more_groups).then_some(with_decimals)
}

fn is_separator(letter: char) -> bool {
    letter == '.' || THOUSANDS.contains(&letter) || matches!(letter, '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn forms(number: &str) -> Vec<String> {
    let splits = |letter: char| is_separator(letter) || letter == ' ';
    let separators: Vec<(usize, char)> = number.char_indices().filter(|(_, letter)| splits(*letter)).collect();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let whole = |text: &str| {
        let digits = digits(text);
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() { "0".to_owned() } else { significant.to_owned() }
    };
    let Some(&(last, separator)) = separators.last() else { return vec![whole(number)] };
    let after = digits(&number[last..]);
    let before = whole(&number[..last]);
    let all_same = separators.iter().all(|(_, other)| *other == separator);
    if !matches!(separator, '.' | ',') || (separators.len() > 1 && all_same) {
        return vec![whole(number)];
    }
    if after.len() == 3 && (1..=3).contains(&last) && !number.starts_with('0') && separators.len() == 1 {
        return vec![whole(number), format!("{before}.{after}")];
    }
    match after.trim_end_matches('0') {
        // "1.0" is more precise than "1".
        "" => vec![format!("{before}.0")],
        decimals => vec![format!("{before}.{decimals}")],
    }
}

fn is_meaningful(text: &str, at: &Range<usize>) -> bool {
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
    fn meaningful_numbers_are_found() {
        for (text, expected) in [
            ("Net receipts fell 4.2 percent to $1,234.5 million in 2024.", vec!["4.2", "1,234.5", "2024"]),
            ("(3.2) and -7", vec!["3.2", "7"]),
            ("0.3 % in Q1, the 2nd time, page 9", vec!["0.3"]),
            ("1.234.567,89 Euro; 12 500 Francs", vec!["1.234.567,89", "12 500"]),
            ("1 234 567,8 and 2024 500 or 12 5000", vec!["1 234 567,8", "2024", "500", "12", "5000"]),
            ("4.2% of £3bn, .5 points (1.5)", vec!["4.2", "3", ".5", "1.5"]),
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
            ("1,234.5", "1 234.5", true),
            ("1,234.5", "1 234,5", true),
            ("12 500", "12,500", true),
            ("12", "12 500", true),
            ("4.2%", "4.2 percent", true),
            ("-3.2", "(3.2)", true),
            ("−3,2 %", "(3.2)", true),
            ("$1.2 billion", "1.2", true),
            (".5", "0.5", true),
            ("1", "1,000", false),
            ("12.5", "12,500", false),
            ("1,234.5", "1.234,5", true),
            ("1,234", "1234", true),
            ("1.234", "1234", true),
            ("0.234", "234", false),
            ("0.3", "0.30", true),
            ("3", "3.0", false),
            ("3.00", "3.0", true),
            ("007", "7", true),
            ("12\u{a0}500", "12,500", true),
            ("1'000'000", "1,000,000", true),
            ("4.2", "42", false),
        ] {
            assert_eq!(same(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn words_are_told_from_numbers() {
        for (word, number, digit_first, plain) in [
            ("2021", true, true, "2021"),
            ("1,234.5", true, true, "1234.5"),
            ("1'234’567", true, true, "1234567"),
            (".5", true, false, ".5"),
            ("31/12", true, true, "31/12"),
            ("3rd", false, true, "3rd"),
            ("3.5m", false, true, "3.5m"),
            ("Q1", false, false, "Q1"),
            ("O'Neill", false, false, "ONeill"),
            ("٣", false, false, "٣"),
            ("", false, false, ""),
        ] {
            let found = (is_number(word), starts_with_digit(word), without_thousands_separators(word));
            assert_eq!(found, (number, digit_first, plain.to_owned()), "{word}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_range_is_valid(text in "\\PC{0,80}") {
            for number in numbers(&text) {
                proptest::prop_assert!(text.get(number.at).is_some());
            }
        }
    }
}
