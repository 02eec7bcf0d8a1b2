//! Paths in JSON, for `#[serde(with = "…")]`: a plain string where a path is Unicode, else its exact units.
//!
//! A path need not be Unicode: Unix has bytes, Windows 16-bit units. Serialising such a path as a string fails, and lossy
//! text would name another file. It is `{"bytes": "72e973…"}` or `{"units": "0072d800…"}` then, in hexadecimal.

#[cfg(unix)]
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathText {
    Text(PathBuf),
    Bytes { bytes: String },
    Units { units: String },
}

impl PathText {
    fn of(path: &Path) -> Self {
        match path.to_str() {
            Some(_) => Self::Text(path.to_owned()),
            None => not_unicode(path),
        }
    }

    /// The path; `None` for damaged digits.
    fn path(self) -> Option<PathBuf> {
        match self {
            Self::Text(path) => Some(path),
            Self::Bytes { bytes } => {
                let bytes: Vec<u8> = numbers(&bytes, 2)?.into_iter().map(|byte| byte as u8).collect();
                Some(from_bytes(&bytes))
            }
            Self::Units { units } => Some(from_units(&numbers(&units, 4)?)),
        }
    }
}

/// Serialises a path.
///
/// # Errors
/// Passes on the serialiser's.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    PathText::of(path).serialize(serializer)
}

/// Deserialises a path.
///
/// # Errors
/// Fails on anything but what [`serialize`] writes.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = PathText::deserialize(deserializer)?;
    text.path().ok_or_else(|| serde::de::Error::custom("not the digits of a path"))
}

/// A list of paths.
pub mod list {
    use super::{Deserialize, Deserializer, PathBuf, PathText, Serialize, Serializer};

    /// Serialises paths.
    ///
    /// # Errors
    /// Passes on the serialiser's.
    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        paths.iter().map(|path| PathText::of(path)).collect::<Vec<_>>().serialize(serializer)
    }

    /// Deserialises paths.
    ///
    /// # Errors
    /// Fails on anything but what [`serialize`] writes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<PathText>::deserialize(deserializer)?;
        let paths: Option<Vec<_>> = texts.into_iter().map(PathText::path).collect();
        paths.ok_or_else(|| serde::de::Error::custom("not the digits of a path"))
    }
}

#[cfg(unix)]
fn not_unicode(path: &Path) -> PathText {
    use std::os::unix::ffi::OsStrExt as _;
    PathText::Bytes { bytes: path.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect() }
}

#[cfg(windows)]
fn not_unicode(path: &Path) -> PathText {
    use std::os::windows::ffi::OsStrExt as _;
    PathText::Units { units: path.as_os_str().encode_wide().map(|unit| format!("{unit:04x}")).collect() }
}

#[cfg(unix)]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(bytes).into()
}

/// The library was copied from a Unix system; the file is not here under any name.
#[cfg(windows)]
fn from_bytes(bytes: &[u8]) -> PathBuf {
    OsString::from(String::from_utf8_lossy(bytes).into_owned()).into()
}

#[cfg(windows)]
fn from_units(units: &[u16]) -> PathBuf {
    use std::os::windows::ffi::OsStringExt as _;
    OsString::from_wide(units).into()
}

/// The library was copied from a Windows system; the file is not here under any name.
#[cfg(unix)]
fn from_units(units: &[u16]) -> PathBuf {
    OsString::from(String::from_utf16_lossy(units)).into()
}

/// Hexadecimal numbers of `digits` digits each.
fn numbers(text: &str, digits: usize) -> Option<Vec<u16>> {
    if !text.bytes().all(|digit| digit.is_ascii_hexdigit()) || !text.len().is_multiple_of(digits) {
        return None;
    }
    let chunks = text.as_bytes().chunks(digits);
    chunks.map(|chunk| u16::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stored {
        #[serde(with = "super")]
        path: PathBuf,
        #[serde(with = "super::list")]
        files: Vec<PathBuf>,
    }

    fn back(stored: &Stored) -> String {
        let text = serde_json::to_string(stored).unwrap();
        assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), *stored, "{text}");
        text
    }

    #[test]
    fn unicode_is_a_plain_string_as_before() {
        let stored = Stored { path: "/reports/ümlaut.pdf".into(), files: vec!["a b".into(), "".into()] };
        assert_eq!(back(&stored), r#"{"path":"/reports/ümlaut.pdf","files":["a b",""]}"#);
    }

    #[test]
    #[cfg(unix)]
    fn other_bytes_come_back_exactly() {
        let path = |bytes: &[u8]| from_bytes(bytes);
        let stored = Stored { path: path(b"/r\xe9sum\xe9.pdf"), files: vec![path(b"\xff\xfe"), "plain".into()] };
        assert_eq!(back(&stored), r#"{"path":{"bytes":"2f72e973756de92e706466"},"files":[{"bytes":"fffe"},"plain"]}"#);
    }

    #[test]
    #[cfg(windows)]
    fn lone_surrogates_come_back_exactly() {
        let path = from_units(&[0x63, 0xd800, 0x2e]);
        back(&Stored { path: path.clone(), files: vec![path] });
    }

    #[test]
    fn damaged_digits_are_an_error_and_another_system_is_not() {
        for damaged in [r#"{"bytes":"7"}"#, r#"{"bytes":"zz"}"#, r#"{"units":"é123"}"#, "{}", "3"] {
            let text = format!(r#"{{"path":{damaged},"files":[]}}"#);
            assert!(serde_json::from_str::<Stored>(&text).is_err(), "{damaged}");
        }
        let text = r#"{"path":{"bytes":"61ff"},"files":[{"units":"0061d800"}]}"#;
        serde_json::from_str::<Stored>(text).unwrap();
    }
}
