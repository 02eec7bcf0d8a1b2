//! Model names, which must be valid folder names on every platform.

use crate::store::StoreError;

const MAX_NAME_BYTES: usize = 64;

/// Checks a model name: letters, digits, dots, dashes and underscores, starting with a letter or digit.
///
/// # Errors
/// Returns [`StoreError::BadName`] for anything else, including paths.
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let good = name.len() <= MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('.')
        && name.chars().all(allowed);
    if good { Ok(()) } else { Err(StoreError::BadName { name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folder_names_everywhere() {
        let long = "a".repeat(65);
        for (name, good) in [
            ("starter", true),
            ("t5gemma-2-270m-270m", true),
            ("My_Model.v2", true),
            ("2b", true),
            ("", false),
            (".", false),
            ("..", false),
            (".lock", false),
            ("a/b", false),
            ("a\\b", false),
            ("/etc", false),
            ("C:x", false),
            ("trailing.", false),
            ("sp ace", false),
            ("ümlaut", false),
            (&long, false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name:?}");
        }
    }
}
