//! Mutated text files: bytes that are no text, characters that combine without end, lines without an end.

use super::Kind;
use super::chance::Chance;
use super::seeds::Seeds;

/// The kinds of mutations.
pub(super) const KINDS: &[Kind] = &[
    ("not-utf-8", not_utf8),
    ("utf-16", utf16),
    ("combining", combining),
    ("one-word", one_word),
    ("controls", controls),
    ("directions", directions),
    ("zero-widths", zero_widths),
    ("line-ends", line_ends),
    ("zeros", zeros),
    ("tabs", tabs),
    ("numbers", numbers),
    ("markdown", markdown),
];

fn text(chance: &mut Chance) -> String {
    let words = ["Revenue", "rose", "by", "4.2", "percent", "in", "2025.", "\n", "Costs", "fell", "|", "1,234", "€"];
    (0..200).map(|_| words[chance.below(words.len())]).collect::<Vec<_>>().join(" ")
}

/// Some text with `part` in its middle.
fn around(chance: &mut Chance, part: &[u8]) -> Vec<u8> {
    [text(chance).as_bytes(), b"\n", part, b"\n", text(chance).as_bytes()].concat()
}

fn not_utf8(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = text(chance).into_bytes();
    for _ in 0..=chance.below(50) {
        let at = chance.below(bytes.len());
        bytes[at] = 0x80 + chance.below(0x80) as u8;
    }
    bytes
}

fn utf16(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\0\0"][chance.below(4)].to_vec();
    let units: Vec<u16> = text(chance).encode_utf16().chain([0xd800, 0xdc00, 0xdc00, 0xd800]).collect();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes.truncate(bytes.len() - chance.below(2));
    bytes
}

fn combining(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let marks = chance.pick(&["\u{300}", "\u{200d}\u{1f468}", "\u{fe0f}", "\u{0e33}", "\u{1f1e6}"]).repeat(100_000);
    around(chance, format!("e{marks}").as_bytes())
}

fn one_word(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let word = chance.pick(&["a", "9", "-", ".", "字", "|", "€1,"]).repeat([10_000, 300_000][chance.below(2)]);
    around(chance, word.as_bytes())
}

fn controls(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = chance
        .pick(&["\u{1b}[2J\u{1b}]0;title\u{7}", "\u{8}\u{8}\u{8}", "\u{9b}31m", "\u{7f}", "\u{1b}P+q\u{1b}\\"])
        .repeat(1 + chance.below(100));
    around(chance, part.as_bytes())
}

fn directions(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = chance.pick(&["\u{202e}", "\u{2066}", "\u{202a}\u{202b}", "\u{5d0}1\u{627}2"]).repeat(20_000);
    around(chance, part.as_bytes())
}

fn zero_widths(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = chance.pick(&["\u{200b}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{180e}"]).repeat(100_000);
    if chance.below(2) == 0 { part.into_bytes() } else { around(chance, part.as_bytes()) }
}

fn line_ends(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = chance
        .pick(&["\r", "\r\n", "\n\r", "\u{85}", "\u{2028}", "\u{b}", "\n \n"])
        .repeat([1000, 60_000][chance.below(2)]);
    around(chance, part.as_bytes())
}

fn zeros(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let zeros = vec![0; 1 + chance.below(100_000)];
    if chance.below(2) == 0 { [text(chance).into_bytes(), zeros].concat() } else { around(chance, &zeros) }
}

fn tabs(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let row = chance.pick(&["\t", "a\t", ",", "\"", "| "]).repeat(1 + chance.below(5000)) + "\n";
    row.repeat(1 + 200_000 / row.len()).into_bytes()
}

fn numbers(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let number = chance.pick(&["1,", "1.", "9e9", "-", "(1", "1'000 ", "$ 1 ", "%"]).repeat(20_000);
    around(chance, number.as_bytes())
}

fn markdown(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let part = chance
        .pick(&["[", "![", "> ", "* ", "**", "`", "<b>", "# ", "| - ", "1. "])
        .repeat([1000, 100_000][chance.below(2)]);
    around(chance, part.as_bytes())
}
