//! Escapes and shortens untrusted text (from file names, model files, servers) for display.
//!
//! Only displayed text passes through here; stored text stays as it is.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// Most characters shown of an untrusted text.
const SHOWN_CHARS: usize = 200;
/// Most characters shown of a message that contains untrusted texts.
const MESSAGE_CHARS: usize = 2_000;

/// Displays an untrusted text on one line: control characters, line breaks and characters that change the direction of text
/// are escaped, and the middle of a long text is replaced by an ellipsis.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a> {
    text: &'a str,
    max_chars: usize,
}

/// Wraps an untrusted text for display: a name or a value.
pub fn printable(text: &str) -> Printable<'_> {
    Printable { text, max_chars: SHOWN_CHARS }
}

/// Wraps a message that may contain untrusted texts.
pub fn printable_message(text: &str) -> Printable<'_> {
    Printable { text, max_chars: MESSAGE_CHARS }
}

/// Formats a path for a message: escaped and, if very long, shortened in the middle.
pub fn printable_path(path: &Path) -> String {
    printable_message(&path.to_string_lossy()).to_string()
}

/// Cleans multi-line text such as an answer or evidence: line breaks and tabs stay, other control characters and
/// characters that change the direction of text are replaced by U+FFFD.
pub fn harmless_lines(text: &str) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || turns_text(c));
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").chars().map(|c| if stays(c) { c } else { '\u{fffd}' }).collect())
}

/// Whether a character controls the display instead of being displayed.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || turns_text(c)
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a character overrides the direction of the text after it.
pub fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_escaped(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write as _;
    if is_deceptive(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never scans more of the text than it shows.
        let fits = self.text.chars().nth(self.max_chars).is_none();
        if fits {
            return self.text.chars().try_for_each(|c| write_escaped(c, f));
        }
        let tail_chars = self.max_chars / 3;
        let head_chars = self.max_chars - tail_chars - 1;
        let tail = self.text.char_indices().rev().nth(tail_chars - 1).map_or(0, |(at, _)| at);
        self.text.chars().take(head_chars).try_for_each(|c| write_escaped(c, f))?;
        f.write_str("…")?;
        self.text.get(tail..).unwrap_or_default().chars().try_for_each(|c| write_escaped(c, f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_turns_text_around_is_escaped() {
        for (text, shown) in [
            ("plain – ünï 日本 🐝", "plain – ünï 日本 🐝"),
            ("שלום", "שלום"),
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
            ("a\nerror: forged", r"a\nerror: forged"),
            ("a\r\tb", r"a\r\tb"),
            ("a\u{7}\u{0}\u{7f}\u{9b}", r"a\u{7}\u{0}\u{7f}\u{9b}"),
            ("a\u{202e}fdp.exe", r"a\u{202e}fdp.exe"),
            ("\u{2066}\u{2069}\u{200f}\u{2028}\u{85}", r"\u{2066}\u{2069}\u{200f}\u{2028}\u{85}"),
        ] {
            assert_eq!(printable(text).to_string(), shown);
            assert_eq!(printable_message(text).to_string(), shown);
        }
    }

    #[test]
    fn a_long_text_loses_its_middle() {
        let name = format!("start{}end", "é".repeat(3_000_000));
        let shown = printable(&name).to_string();
        assert_eq!(shown.chars().count(), SHOWN_CHARS);
        assert!(shown.starts_with("starté") && shown.contains("é…é") && shown.ends_with("éend"), "{shown}");
        assert_eq!(printable_message(&name).to_string().chars().count(), MESSAGE_CHARS);
        assert_eq!(printable(&"a".repeat(SHOWN_CHARS)).to_string(), "a".repeat(SHOWN_CHARS));
    }

    #[test]
    fn lines_stay_lines() {
        for (text, shown) in [
            ("a\n\tb – שלום\u{200f}", "a\n\tb – שלום\u{200f}"),
            ("a\r\nb", "a\nb"),
            ("€ 5\u{202e}00\u{202c}", "€ 5\u{fffd}00\u{fffd}"),
            ("\u{1b}[31mred\u{2067}", "\u{fffd}[31mred\u{fffd}"),
        ] {
            assert_eq!(harmless_lines(text), shown);
        }
    }
}
