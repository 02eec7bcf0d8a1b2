//! A typed secret that never appears in logs or records.

/// A secret typed by the user.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The plain text, for its recipient only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The text for an input field.
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
    fn debug_output_hides_the_secret() {
        let secret = Secret::from("hf_very_secret");
        assert!(!format!("{:?}", Some(&secret)).contains("very"));
        assert_eq!(secret.reveal(), "hf_very_secret");
    }
}
