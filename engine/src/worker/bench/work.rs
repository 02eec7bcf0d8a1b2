//! The benchmarks and how they are written: `encode 4096`, `figure`, `remember 8192`, `decode 8192 16`, `prompt 512`,
//! `generate 32`.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::Hint;

/// Maximum number of tokens of a benchmark.
pub const MOST_TOKENS: usize = 1 << 20;

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Encodes a window of text.
    Encode {
        /// Tokens in the window.
        tokens: usize,
    },
    /// Runs a figure through the vision tower and the projector.
    Figure,
    /// Builds a memory from encoder states.
    Remember {
        /// Encoded tokens.
        tokens: usize,
    },
    /// Generates tokens with a memory, one at a time; building the memory is not timed.
    Decode {
        /// Encoded tokens.
        encoded: usize,
        /// Tokens generated after the first.
        tokens: usize,
    },
    /// Processes a prompt in the decoder, without a memory.
    Prompt {
        /// Tokens in the prompt.
        tokens: usize,
    },
    /// Generates tokens from an empty prompt without a memory, one at a time.
    Generate {
        /// Tokens generated after the first.
        tokens: usize,
    },
}

/// Why a line cannot be parsed as a benchmark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWork {
    /// Unknown benchmark.
    #[error("unknown benchmark {0:?}")]
    Word(String),
    /// Wrong number of arguments.
    #[error("{word} takes {expected}, found {found}")]
    Numbers {
        /// The benchmark.
        word: &'static str,
        /// The expected arguments.
        expected: &'static str,
        /// Number of arguments found.
        found: usize,
    },
    /// Invalid number of tokens.
    #[error("{0:?} is not a number of tokens from 1 to {MOST_TOKENS}")]
    Number(String),
}

impl Hint for NotWork {
    fn hint(&self) -> Option<String> {
        Some("use `encode N`, `figure`, `remember N`, `decode ENCODED N`, `prompt N` or `generate N`".into())
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
    fn benchmarks_are_parsed_as_they_are_written() {
        for line in ["encode 4096", "figure", "remember 8192", "decode 8192 16", "prompt 512", "generate 32"] {
            assert_eq!(line.parse::<Work>().unwrap().to_string(), line);
        }
        assert_eq!("  decode\t8  2 ".parse(), Ok(Work::Decode { encoded: 8, tokens: 2 }));
    }

    #[test]
    fn invalid_lines_are_rejected_with_a_reason() {
        for (line, why) in [
            ("dance 3", "unknown benchmark \"dance\""),
            ("", "unknown benchmark \"\""),
            ("encode", "encode takes one number, found 0"),
            ("figure 2", "figure takes no number, found 1"),
            ("decode 8", "decode takes two numbers, found 1"),
            ("encode 0", "\"0\" is not a number of tokens from 1 to 1048576"),
            ("encode -1", "\"-1\" is not a number of tokens from 1 to 1048576"),
            ("decode 8 2000000", "\"2000000\" is not a number of tokens from 1 to 1048576"),
        ] {
            assert_eq!(line.parse::<Work>().unwrap_err().to_string(), why);
        }
    }
}
