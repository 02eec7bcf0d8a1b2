//! The language of a text: how it is told, which of its words carry no meaning, and how its words are stemmed.
//!
//! Stop words are NLTK's lists and stemmers are Snowball's, both from crates. Words are expected in lower case throughout.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use snowball_stemmers_rs::{Algorithm, Stemmer};

/// Words at the start of a text that its language is told by.
const SAMPLE_WORDS: usize = 2000;

/// Smallest share of stop words in running text: headings, names and tables alone have fewer.
const LEAST_SHARE: f32 = 0.1;

/// A language with a stemmer and a list of stop words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Also used where no language is recognised.
    #[default]
    English,
    /// Danish.
    Danish,
    /// Dutch.
    Dutch,
    /// Finnish.
    Finnish,
    /// French.
    French,
    /// German.
    German,
    /// Hungarian.
    Hungarian,
    /// Italian.
    Italian,
    /// Norwegian.
    Norwegian,
    /// Portuguese.
    Portuguese,
    /// Romanian.
    Romanian,
    /// Russian.
    Russian,
    /// Spanish.
    Spanish,
    /// Swedish.
    Swedish,
    /// Turkish.
    Turkish,
}

impl Language {
    /// All of them, the default first.
    pub const ALL: [Self; 15] = [
        Self::English,
        Self::Danish,
        Self::Dutch,
        Self::Finnish,
        Self::French,
        Self::German,
        Self::Hungarian,
        Self::Italian,
        Self::Norwegian,
        Self::Portuguese,
        Self::Romanian,
        Self::Russian,
        Self::Spanish,
        Self::Swedish,
        Self::Turkish,
    ];

    /// The language with the most stop words among `words`; English if there are hardly any, as in a table.
    ///
    /// Only the first 2,000 words that are written with letters count.
    pub fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let sample: Vec<String> = words
            .filter(|word| word.chars().all(char::is_alphabetic) && !word.is_empty())
            .take(SAMPLE_WORDS)
            .map(str::to_lowercase)
            .collect();
        let hits = |language: Self| sample.iter().filter(|word| language.is_stop_word(word)).count();
        // Of equals the first, so that English is only given up for a better match.
        let best = Self::ALL.into_iter().map(|language| (language, hits(language)));
        let best = best.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let is_clear = |(_, hits): &(Self, usize)| *hits as f32 >= LEAST_SHARE * sample.len() as f32;
        best.filter(is_clear).map_or_else(Self::default, |(language, _)| language)
    }

    /// Whether a word is too common to carry meaning, such as "the" and "of".
    pub fn is_stop_word(self, word: &str) -> bool {
        static LISTS: LazyLock<Vec<HashSet<&str>>> = LazyLock::new(|| {
            let list = |language: Language| stop_words::lookup(language.code()).unwrap_or_default();
            Language::ALL.into_iter().map(|language| list(language).iter().copied().collect()).collect()
        });
        LISTS.get(self as usize).is_some_and(|list| list.contains(word))
    }

    /// The stem of a word: "rates" and "rate" have the same.
    pub fn stem(self, word: &str) -> Cow<'_, str> {
        Stemmer::create(self.algorithm()).stem(word)
    }

    /// Its ISO 639-1 code.
    fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Danish => "da",
            Self::Dutch => "nl",
            Self::Finnish => "fi",
            Self::French => "fr",
            Self::German => "de",
            Self::Hungarian => "hu",
            Self::Italian => "it",
            Self::Norwegian => "no",
            Self::Portuguese => "pt",
            Self::Romanian => "ro",
            Self::Russian => "ru",
            Self::Spanish => "es",
            Self::Swedish => "sv",
            Self::Turkish => "tr",
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::English => Algorithm::English,
            Self::Danish => Algorithm::Danish,
            Self::Dutch => Algorithm::Dutch,
            Self::Finnish => Algorithm::Finnish,
            Self::French => Algorithm::French,
            Self::German => Algorithm::German,
            Self::Hungarian => Algorithm::Hungarian,
            Self::Italian => Algorithm::Italian,
            Self::Norwegian => Algorithm::Norwegian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Romanian => Algorithm::Romanian,
            Self::Russian => Algorithm::Russian,
            Self::Spanish => Algorithm::Spanish,
            Self::Swedish => Algorithm::Swedish,
            Self::Turkish => Algorithm::Turkish,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_stop_words_and_its_place() {
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(language as usize, at);
            let words = stop_words::lookup(language.code()).unwrap_or_default();
            assert!(words.len() > 40, "{language:?}");
            assert!(words.iter().all(|word| language.is_stop_word(word)), "{language:?}");
        }
        assert!(!Language::English.is_stop_word("million"));
    }

    #[test]
    fn languages_are_told_by_their_common_words() {
        for (text, expected) in [
            ("Net revenue of the group rose to 4.2 million in the year, more than it was", Language::English),
            ("Die Erlöse der Gruppe sind im Jahr um 4,2 Prozent gestiegen und nicht gefallen", Language::German),
            ("Les recettes du groupe ont augmenté de 4,2 % dans l année et ne sont pas", Language::French),
            ("Los ingresos del grupo subieron en el año un 4,2 por ciento y no se", Language::Spanish),
            ("Выручка группы выросла за год на 4,2 процента и не была ниже", Language::Russian),
            ("I ricavi del gruppo sono cresciuti nel corso dell anno e non sono stati", Language::Italian),
            ("Umsatz EBITDA Marge Mitarbeiter Standorte", Language::English),
            ("2019 2020 1,234.5", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of(text.split_whitespace()), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for (language, one, other) in [
            (Language::English, "companies", "company"),
            (Language::English, "increased", "increase"),
            (Language::German, "erlösen", "erlöse"),
            (Language::French, "augmentation", "augmentations"),
            (Language::Spanish, "ingresos", "ingreso"),
            (Language::Russian, "выручка", "выручки"),
        ] {
            assert_eq!(language.stem(one), language.stem(other), "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{0,12}") {
            for language in Language::ALL {
                language.stem(&word.to_lowercase());
            }
        }
    }
}
