//! What the user types and nobody else may see: it is shown by no log and kept by no record.

/// A secret as it is typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As the user goes on typing it.
    pub(crate) fn edit(&mut self) -> &mut String {
        &mut self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(empty)" } else { "Secret(…)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_told_by_whoever_prints_what_holds_it() {
        let secret = Secret::from("hf_very_secret");
        assert!(!format!("{:?}", Some(&secret)).contains("very"));
        assert_eq!(secret.reveal(), "hf_very_secret");
    }
}
