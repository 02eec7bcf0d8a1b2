//! Keys of entries: a hash over everything that their content depends on.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 over named parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) [u8; 32]);

impl Key {
    /// The hash itself.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with the bytes of [`Key::bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Collects the parts of a [`Key`]. Each is hashed with its name and length, so different lists of parts have different keys.
#[derive(Clone)]
pub struct KeyHasher(Sha256);

impl KeyHasher {
    /// A key for `purpose`: keys for different purposes are never the same.
    pub fn new(purpose: &str) -> Self {
        Self(Sha256::new()).with("purpose", purpose.as_bytes())
    }

    /// Adds a part.
    #[must_use]
    pub fn with(mut self, name: &str, value: &[u8]) -> Self {
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// The key.
    pub fn finish(self) -> Key {
        Key(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let of = |parts: &[(&str, &str)]| {
            let begun = KeyHasher::new("test");
            parts.iter().fold(begun, |key, (name, value)| key.with(name, value.as_bytes())).finish()
        };
        assert_eq!(of(&[("a", "bc")]), of(&[("a", "bc")]));
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
        assert_ne!(of(&[("a", "b"), ("c", "")]), of(&[("a", ""), ("c", "b")]));
        assert_ne!(of(&[]), of(&[("", "")]));
        assert_ne!(KeyHasher::new("window").finish(), KeyHasher::new("vision").finish());
        assert_eq!(of(&[]).to_string().len(), 64);
    }
}
