//! What single characters mean for layout: blanks, marks, writing direction, numbers. Knows nothing of positions.

/// How layout treats a character of the text stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has ink, or at least stands for a letter.
    Ink,
    /// Separates words.
    Blank,
    /// Neither: control and format characters.
    Nothing,
}

/// PDFium's substitute for a hyphen that seems to break a word at a line's end.
pub(super) const PDFIUM_HYPHEN: char = '\u{2}';
/// A hyphen that is only visible where a word is broken.
pub(super) const SOFT_HYPHEN: char = '\u{ad}';

pub(super) fn kind(c: char) -> Kind {
    match c {
        PDFIUM_HYPHEN | SOFT_HYPHEN => Kind::Ink,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => Kind::Nothing,
        _ if c.is_whitespace() => Kind::Blank,
        _ if c.is_control() => Kind::Nothing,
        _ => Kind::Ink,
    }
}

/// The letters of a typographic ligature.
pub(super) fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{fb05}' | '\u{fb06}' => "st",
        _ => return None,
    })
}

/// A mark that sits on the letter before it in the text stream.
pub(super) fn is_combining(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
        | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Letters of scripts written from right to left.
pub(super) fn is_rtl(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{5ff}' | '\u{600}'..='\u{65f}' | '\u{66a}'..='\u{6ef}' | '\u{6fa}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && !matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
}

/// Letters and digits that run from left to right even inside right-to-left text.
pub(super) fn is_ltr(c: char) -> bool {
    c.is_alphanumeric() && !is_rtl(c)
}

/// Scripts without spaces between words, whose characters fill a square each.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{2e80}'..='\u{303f}' | '\u{3040}'..='\u{30ff}' | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
}

/// Characters that form dot leaders.
pub(super) fn is_leader(c: char) -> bool {
    matches!(c, '.' | '\u{b7}' | '\u{2024}' | '\u{2025}' | '\u{2026}')
}

/// Number of dots in a leader character.
pub(super) fn leader_dots(c: char) -> u32 {
    match c {
        '\u{2025}' => 2,
        '\u{2026}' => 3,
        _ => 1,
    }
}

pub(super) fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | SOFT_HYPHEN | PDFIUM_HYPHEN)
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20c0}')
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Whether a word reads as a number in a table: "1,234", "(12.3)", "$-5", "12.3%", "1,234r", or a placeholder for a
/// missing one ("*", "-", "n.a.", "....").
pub(super) fn is_number(word: &str) -> bool {
    let core = word.trim_matches(|c: char| {
        is_currency(c) || is_dash(c) || matches!(c, '(' | ')' | '[' | ']' | '+' | '%' | '*' | '\u{2020}' | '\u{b1}')
    });
    if core.is_empty() {
        return !word.is_empty() && word.chars().count() <= 3;
    }
    if matches!(core.to_ascii_lowercase().as_str(), "n.a." | "na" | "n/a" | "n.m." | "n.e.c.") {
        return true;
    }
    let (mut digits, mut letters, mut others) = (0, 0, 0);
    for c in core.chars() {
        match c {
            _ if c.is_numeric() => digits += 1,
            '.' | ',' | '\'' | '\u{2019}' | '/' | ':' | '\u{a0}' => {}
            _ if is_dash(c) || is_currency(c) || matches!(c, '%' | '(' | ')') => {}
            _ if c.is_alphabetic() => letters += 1,
            _ => others += 1,
        }
    }
    digits > 0 && letters <= 1 && others == 0 && !word.ends_with([',', ';', ':']) && !core.ends_with('.')
}

/// Whether a word only opens a list item: a bullet, "1.", "(a)", "iv)".
pub(super) fn is_list_mark(word: &str) -> bool {
    let mut chars = word.chars();
    if let (Some(first), None) = (chars.next(), chars.next()) {
        return matches!(
            first,
            '\u{2022}' | '\u{2023}' | '\u{25a0}'
                ..='\u{25ff}'
                    | '\u{2013}'
                    | '\u{2014}'
                    | '\u{b7}'
                    | '-'
                    | '*'
                    | '\u{f0b7}'
                    | '\u{f0a7}'
                    | '\u{2605}'
                    | '\u{2713}'
        );
    }
    let inner = word.trim_start_matches('(').trim_end_matches([')', '.']);
    inner.len() < word.len() && (1..=4).contains(&inner.len()) && {
        let numeric = inner.chars().all(|c| c.is_ascii_digit()) && inner.len() <= 2;
        let roman = inner.chars().all(|c| matches!(c, 'i' | 'v' | 'x' | 'I' | 'V' | 'X'));
        numeric || roman || (inner.len() == 1 && inner.chars().all(char::is_alphabetic))
    }
}
