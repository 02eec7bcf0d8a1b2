//! Which hyphens at a line's end only break a word.
//!
//! A hyphen is taken to break a word if a lower-case letter precedes it and the next line of the block continues in
//! lower case ("inter-/national"), unless the page elsewhere writes the word with a hyphen ("long-/term" with
//! "long-term" inside another line) and never without.

use std::collections::HashSet;

use super::scripts;
use crate::document::page::{Line, LineRole};

/// Sets [`Line::hyphenated`] on all lines; `soft` says for each line whether its last character can only be a break.
pub(super) fn mark(lines: &mut [Line], soft: &[bool]) {
    let known: HashSet<String> = lines
        .iter()
        .flat_map(|line| {
            let last = line.words.last().map(|w| w.start);
            line.words.iter().filter(move |w| Some(w.start) != last).map(|w| word(line, w.start, w.end))
        })
        .collect();
    for i in 0..lines.len() {
        let broken = next_of(lines, i).is_some_and(|next| {
            let is_soft = soft.get(i).copied().unwrap_or(false);
            breaks_word(&lines[i], &lines[next], is_soft, &known)
        });
        lines[i].hyphenated = broken;
    }
}

/// The line that continues the text of line `i`: the next one, or the next of running text if the block ends.
fn next_of(lines: &[Line], i: usize) -> Option<usize> {
    if lines[i].role == LineRole::TableRow {
        return None;
    }
    let next = i + 1;
    let open = |n: &Line| n.role == lines[i].role;
    lines.get(next).filter(|n| open(n)).map(|_| next)
}

fn breaks_word(line: &Line, next: &Line, soft: bool, known: &HashSet<String>) -> bool {
    let (Some(last), Some(first)) = (line.words.last(), next.words.first()) else { return false };
    let (head, tail) = (word(line, last.start, last.end), word(next, first.start, first.end));
    let Some(stem) = head.strip_suffix(scripts::is_hyphen).filter(|_| line.text.ends_with(scripts::is_hyphen)) else {
        return false;
    };
    let before = stem.chars().next_back();
    let lower_tail = next.text.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_uppercase());
    if !before.is_some_and(char::is_alphabetic) || !lower_tail {
        return false;
    }
    // "state-of-/the-art": a word that has hyphens already keeps them.
    if stem.contains('-') && !soft {
        return false;
    }
    let (joined, compound) = (format!("{stem}{tail}"), format!("{stem}-{tail}"));
    known.contains(&joined) || !known.contains(&compound)
}

/// A word without surrounding signs, in lower case.
fn word(line: &Line, start: u32, end: u32) -> String {
    let text = line.text.get(start as usize..end as usize).unwrap_or_default();
    text.trim_matches(|c: char| !c.is_alphanumeric() && !scripts::is_hyphen(c)).to_lowercase()
}
