//! What can be measured, and how it is written: `encode 4096`, `figure`, `remember 8192`, `decode 8192 16`,
//! `prompt 512`, `generate 32`.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::Hint;

/// Most tokens that a piece of work may name.
pub const MOST_TOKENS: usize = 1 << 20;

/// A piece of work that is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A window of text through the encoder.
    Encode {
        /// Tokens of the window.
        tokens: usize,
    },
    /// A figure through the vision tower and the projector.
    Figure,
    /// Encoder states made ready for answering.
    Remember {
        /// Encoded tokens.
        tokens: usize,
    },
    /// Tokens of an answer over a memory, one by one; that the memory is prepared first is not part of it.
    Decode {
        /// Encoded tokens.
        encoded: usize,
        /// Tokens written after the first.
        tokens: usize,
    },
    /// A prompt through the decoder with nothing encoded.
    Prompt {
        /// Tokens of the prompt.
        tokens: usize,
    },
    /// Tokens one by one with nothing encoded and an empty prompt.
    Generate {
        /// Tokens written after the first.
        tokens: usize,
    },
}

/// Why a line is no piece of work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWork {
    /// Another word.
    #[error("{0:?} is not a piece of work")]
    Word(String),
    /// Too few or too many numbers.
    #[error("{word} takes {expected}, and {found} were given")]
    Numbers {
        /// The work.
        word: &'static str,
        /// What it takes.
        expected: &'static str,
        /// How many stand there.
        found: usize,
    },
    /// Not a number of tokens.
    #[error("{0:?} is not a number of tokens from 1 to {MOST_TOKENS}")]
    Number(String),
}

impl Hint for NotWork {
    fn hint(&self) -> Option<String> {
        Some("work is `encode N`, `figure`, `remember N`, `decode ENCODED N`, `prompt N` or `generate N`".into())
    }
}

impl FromStr for Work {
    type Err = NotWork;

    fn from_str(line: &str) -> Result<Self, NotWork> {
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default();
        let numbers: Vec<&str> = words.collect();
        let one = |name: &'static str| match numbers.as_slice() {
            [tokens] => tokens_of(tokens),
            all => Err(NotWork::Numbers { word: name, expected: "one number", found: all.len() }),
        };
        match word {
            "encode" => Ok(Self::Encode { tokens: one("encode")? }),
            "remember" => Ok(Self::Remember { tokens: one("remember")? }),
            "prompt" => Ok(Self::Prompt { tokens: one("prompt")? }),
            "generate" => Ok(Self::Generate { tokens: one("generate")? }),
            "figure" if numbers.is_empty() => Ok(Self::Figure),
            "figure" => Err(NotWork::Numbers { word: "figure", expected: "no number", found: numbers.len() }),
            "decode" => match numbers.as_slice() {
                [encoded, tokens] => Ok(Self::Decode { encoded: tokens_of(encoded)?, tokens: tokens_of(tokens)? }),
                all => Err(NotWork::Numbers { word: "decode", expected: "two numbers", found: all.len() }),
            },
            _ => Err(NotWork::Word(word.chars().take(40).collect())),
        }
    }
}

fn tokens_of(text: &str) -> Result<usize, NotWork> {
    text.parse()
        .ok()
        .filter(|tokens| (1..=MOST_TOKENS).contains(tokens))
        .ok_or_else(|| NotWork::Number(text.chars().take(40).collect()))
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode { tokens } => write!(f, "encode {tokens}"),
            Self::Figure => f.write_str("figure"),
            Self::Remember { tokens } => write!(f, "remember {tokens}"),
            Self::Decode { encoded, tokens } => write!(f, "decode {encoded} {tokens}"),
            Self::Prompt { tokens } => write!(f, "prompt {tokens}"),
            Self::Generate { tokens } => write!(f, "generate {tokens}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_read_as_it_is_written() {
        for line in ["encode 4096", "figure", "remember 8192", "decode 8192 16", "prompt 512", "generate 32"] {
            assert_eq!(line.parse::<Work>().unwrap().to_string(), line);
        }
        assert_eq!("  decode\t8  2 ".parse(), Ok(Work::Decode { encoded: 8, tokens: 2 }));
    }

    #[test]
    fn other_lines_are_refused_with_a_reason() {
        for (line, why) in [
            ("dance 3", "\"dance\" is not a piece of work"),
            ("", "\"\" is not a piece of work"),
            ("encode", "encode takes one number, and 0 were given"),
            ("figure 2", "figure takes no number, and 1 were given"),
            ("decode 8", "decode takes two numbers, and 1 were given"),
            ("encode 0", "\"0\" is not a number of tokens from 1 to 1048576"),
            ("encode -1", "\"-1\" is not a number of tokens from 1 to 1048576"),
            ("decode 8 2000000", "\"2000000\" is not a number of tokens from 1 to 1048576"),
        ] {
            assert_eq!(line.parse::<Work>().unwrap_err().to_string(), why);
        }
    }
}
