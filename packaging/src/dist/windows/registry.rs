//! Registry values for the current user: which files Recto can open. None of them makes Recto the default.

/// A value below `HKEY_CURRENT_USER`. `{folder}` in its text is the folder of the program, with a backslash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The key.
    pub(super) key: String,
    /// The value's name; empty for the key's default value.
    pub(super) name: &'static str,
    /// The value.
    pub(super) text: &'static str,
}

/// The program's entry for "Open with".
pub(crate) const APPLICATION: &str = r"Software\Classes\Applications\recto.exe";

/// The document type for all extensions.
pub(crate) const DOCUMENT: &str = r"Software\Classes\Recto.Document";

/// The command with which Explorer opens a file.
const OPEN: &str = r#""{folder}recto.exe" "%1""#;

/// Extensions that Recto reads, as in the window's file dialog.
pub(crate) const ENDINGS: [&str; 11] =
    [".pdf", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".txt", ".md"];

/// All values.
pub(super) fn values() -> Vec<Value> {
    let value = |key: String, name, text| Value { key, name, text };
    let below = |root: &str, key: &str| format!(r"{root}\{key}");
    let mut values = vec![
        value(APPLICATION.to_owned(), "FriendlyAppName", "Recto"),
        value(below(APPLICATION, r"shell\open\command"), "", OPEN),
        value(DOCUMENT.to_owned(), "", "Report for Recto"),
        value(below(DOCUMENT, "DefaultIcon"), "", r#""{folder}recto.exe",0"#),
        value(below(DOCUMENT, r"shell\open\command"), "", OPEN),
    ];
    for ending in ENDINGS {
        values.push(value(below(APPLICATION, "SupportedTypes"), ending, ""));
    }
    for ending in ENDINGS {
        values.push(value(open_with(ending), "Recto.Document", ""));
    }
    values
}

/// Where an extension lists programs for "Open with"; other programs have values there too.
pub(super) fn open_with(ending: &str) -> String {
    format!(r"Software\Classes\{ending}\OpenWithProgids")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_is_offered_and_none_is_taken() {
        let dialog = include_str!("../../../../app/src/platform/file_dialog.rs");
        let listed =
            dialog.split_once("const EXTENSIONS: &[&str] = &[").and_then(|(_, rest)| rest.split_once(']')).unwrap().0;
        let listed: Vec<_> = listed.split('"').skip(1).step_by(2).map(|ending| format!(".{ending}")).collect();
        let mut ours = ENDINGS.map(String::from).to_vec();
        ours.sort();
        let mut theirs = listed;
        theirs.sort();
        assert_eq!(ours, theirs);
        // The default program is the extension's default value.
        let classes = ENDINGS.map(|ending| format!(r"Software\Classes\{ending}"));
        assert!(values().iter().all(|value| !classes.contains(&value.key)));
    }
}
