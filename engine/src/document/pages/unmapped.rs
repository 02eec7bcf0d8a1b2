//! Characters whose font does not say what they mean.
//!
//! PDFium returns their code instead. In fonts made by TeX or by old printer drivers the code is the letter itself; in
//! others it is meaningless. The letters that a font seems to write show which it is.

use std::collections::BTreeMap;

use super::super::raw::RawChar;

/// Letters needed to judge a font.
const ENOUGH_LETTERS: u32 = 40;

/// Share of vowels among the unaccented letters of languages in Latin script, with a wide margin.
const VOWELS: std::ops::RangeInclusive<f32> = 0.25..=0.6;

/// A character that its font does not explain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unmapped {
    /// Index of the character.
    pub(super) place: usize,
    /// The font it uses; any number that distinguishes the fonts of a page.
    pub(super) font: usize,
}

/// What is known of the codes of a font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// They are letters, judged by the font's own.
    Letters,
    /// They are letters, judged by those of all such fonts of the page, or nothing speaks against it.
    Presumed,
    /// They are meaningless.
    Numbers,
}

/// Keeps the characters that can be trusted, and makes the others [`char::REPLACEMENT_CHARACTER`].
pub(super) fn settle(chars: &mut [RawChar], unmapped: &[Unmapped]) {
    let mut fonts: BTreeMap<usize, Letters> = BTreeMap::new();
    let mut page = Letters::default();
    for &Unmapped { place, font } in unmapped {
        if let Some(c) = chars.get(place) {
            fonts.entry(font).or_default().count(c.unicode);
            page.count(c.unicode);
        }
    }
    let of_page = page.verdict().unwrap_or(true);
    let verdict = |font: usize| match fonts.get(&font).and_then(Letters::verdict) {
        Some(true) => Verdict::Letters,
        None if of_page => Verdict::Presumed,
        _ => Verdict::Numbers,
    };
    for &Unmapped { place, font } in unmapped {
        if let Some(c) = chars.get_mut(place) {
            c.unicode = meaning(c.unicode, verdict(font)).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Letter statistics of a font.
#[derive(Clone, Copy, Debug, Default)]
struct Letters {
    vowels: u32,
    ascii: u32,
    all: u32,
}

impl Letters {
    fn count(&mut self, c: char) {
        self.vowels += u32::from(matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y'));
        self.ascii += u32::from(c.is_ascii_alphabetic());
        self.all += u32::from(c.is_alphabetic());
    }

    /// Whether they may belong to a language; `None` if there are too few to tell.
    fn verdict(&self) -> Option<bool> {
        let vowels = self.vowels as f32 / self.ascii.max(1) as f32;
        (self.all >= ENOUGH_LETTERS).then(|| self.ascii * 2 > self.all && VOWELS.contains(&vowels))
    }
}

fn meaning(c: char, verdict: Verdict) -> Option<char> {
    match verdict {
        Verdict::Numbers => None,
        Verdict::Letters if c.is_control() => tex_sign(c),
        _ => Some(c).filter(|c| !c.is_control()),
    }
}

/// What TeX's fonts have where ASCII has control codes: ligatures (encodings OT1 and T1), quotes and dashes (T1).
fn tex_sign(c: char) -> Option<char> {
    let ligature = |number: u32| char::from_u32(0xfb00 + number);
    match u32::from(c) {
        code @ 0x0b..=0x0f => ligature(code - 0x0b),
        code @ 0x1b..=0x1f => ligature(code - 0x1b),
        0x10 => Some('\u{201c}'),
        0x11 => Some('\u{201d}'),
        0x15 => Some('\u{2013}'),
        0x16 => Some('\u{2014}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::geometry::Rect;
    use super::*;

    /// What the unmapped characters of these fonts become, all on one page.
    fn settled(fonts: &[&str]) -> String {
        let place = Rect::new(0.0, 0.0, 1.0, 1.0);
        let mut chars = Vec::new();
        let mut unmapped = Vec::new();
        for (font, text) in fonts.iter().enumerate() {
            for unicode in text.chars() {
                unmapped.push(Unmapped { place: chars.len(), font });
                chars.push(RawChar {
                    unicode,
                    loose: place,
                    tight: place,
                    origin_x: 0.0,
                    origin_y: 1.0,
                    angle_deg: 0.0,
                    font_size_pt: 1.0,
                    font: 0,
                    generated: false,
                    hyphen: false,
                    invisible: false,
                });
            }
        }
        settle(&mut chars, &unmapped);
        chars.iter().map(|c| c.unicode).collect()
    }

    const ENGLISH: &str = "Each group of subjects may have a baseline of its own, rows de\u{1c}ned as 2\u{15}4 do not.";

    #[test]
    fn codes_that_are_letters_are_kept_and_numbers_are_not() {
        let shifted: String = ENGLISH.chars().map(|c| char::from((c as u8).wrapping_sub(29).max(33))).collect();
        let english = ENGLISH.replace('\u{1c}', "\u{fb01}").replace('\u{15}', "\u{2013}");
        let lost = |text: &str| "\u{fffd}".repeat(text.chars().count());
        let cyrillic = "\u{cf}\u{f0}\u{e8}\u{e2}\u{e5}\u{f2}".repeat(10);
        for (fonts, expected) in [
            (&[ENGLISH][..], english.clone()),
            (&[&shifted], lost(&shifted)),
            (&[&cyrillic], lost(&cyrillic)),
            (&["Table 3", "1\u{1c}"], "Table 31\u{fffd}".to_owned()),
            (&[ENGLISH, "12 \u{1b}"], format!("{english}12 \u{fffd}")),
            (&[&shifted, "7DEOH"], lost(&format!("{shifted}7DEOH"))),
        ] {
            assert_eq!(settled(fonts), expected, "{fonts:?}");
        }
    }
}
