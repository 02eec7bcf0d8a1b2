//! Turns token bytes into whole characters while an answer is generated.
//!
//! Knows nothing of vocabularies; each byte is examined once.

/// Text that arrives token by token, with characters that may be split between tokens.
#[derive(Clone, Debug, Default)]
pub struct TextStream {
    /// The start of an incomplete character: at most three bytes.
    held_back: Vec<u8>,
}

impl TextStream {
    /// Adds the bytes of the next token and returns what is complete. An incomplete character is held back; bytes that
    /// cannot become a character are replaced by U+FFFD.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held_back.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = self.held_back.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, broken) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let Some(length) = error.error_len() else {
                        rest = broken;
                        break;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = broken.get(length..).unwrap_or_default();
                }
            }
        }
        self.held_back = rest.to_vec();
        text
    }

    /// Ends the stream: U+FFFD for an incomplete character, otherwise nothing.
    #[must_use]
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.held_back).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn streamed(parts: &[&[u8]]) -> Vec<String> {
        let mut stream = TextStream::default();
        let mut pieces: Vec<String> = parts.iter().map(|part| stream.push(part)).collect();
        pieces.push(stream.finish());
        pieces
    }

    #[test]
    fn parted_characters_are_held_back() {
        let bee = "🐝".as_bytes();
        assert_eq!(streamed(&[b"a", &bee[..1], &bee[1..3], &bee[3..], b"b"]), ["a", "", "", "🐝", "b", ""]);
    }

    #[test]
    fn broken_bytes_become_replacement_characters() {
        assert_eq!(streamed(&[&[0xf0, 0x9f], b"x"]), ["", "\u{fffd}x", ""]);
        assert_eq!(streamed(&[&[0xff], b"x", &[0xe6]]), ["\u{fffd}", "x", "", "\u{fffd}"]);
    }

    proptest! {
        #[test]
        fn any_cutting_gives_what_the_whole_gives(bytes: Vec<u8>, cuts: Vec<u8>) {
            let mut stream = TextStream::default();
            let mut text = String::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (head, tail) = rest.split_at(usize::from(cut % 5).min(rest.len()));
                text.push_str(&stream.push(head));
                rest = tail;
            }
            text.push_str(&stream.push(rest));
            text.push_str(&stream.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
