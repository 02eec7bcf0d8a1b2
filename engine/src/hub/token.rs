//! The user's access token for the hub: finding it, and storing it at the user's request.

use std::path::{Path, PathBuf};

use keyring_core::{CredentialStore, Entry};

use super::HubError;
use crate::regular_file;

/// Service and user name of the keyring entry.
const SERVICE: &str = "recto";
const USER: &str = "hugging-face-token";
/// Environment variables for a token; the first that is set wins.
const VARIABLES: [&str; 2] = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];
/// A token has some forty characters; longer files are ignored.
const MAX_TOKEN_BYTES: u64 = 4096;

/// An access token for the hub. It is never shown: not by `{:?}`, in an error or in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where a token was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the environment.
    Environment,
    /// In the token file of the hub's own programs.
    HubFile,
    /// In the system's keyring.
    Keyring,
}

impl Token {
    /// A token from user input.
    ///
    /// # Errors
    /// Returns [`HubError::BadToken`] where it is empty or has characters that no token has.
    pub fn new(text: &str) -> Result<Self, HubError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HubError::BadToken);
        }
        Ok(Self(text.to_owned()))
    }

    /// The token of this user: from the environment, the hub's own file, or the keyring, in this order.
    pub fn find() -> Option<(Self, TokenPlace)> {
        let variable = |name: &str| std::env::var(name).ok();
        Self::in_environment(&variable)
            .map(|token| (token, TokenPlace::Environment))
            .or_else(|| Some((Self::in_file(&hub_file(&variable)?)?, TokenPlace::HubFile)))
            .or_else(|| Some((Self::in_keyring()?, TokenPlace::Keyring)))
    }

    /// Stores the token in the system's keyring.
    ///
    /// # Errors
    /// Returns [`HubError::Keyring`] where there is no keyring, or it refuses.
    pub fn keep(&self) -> Result<(), HubError> {
        entry()?.set_password(&self.0).map_err(|error| keyring(&error))
    }

    /// Removes the token from the system's keyring, if present.
    ///
    /// # Errors
    /// Returns [`HubError::Keyring`] where the keyring refuses.
    pub fn forget() -> Result<(), HubError> {
        match entry()?.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
            Err(error) => Err(keyring(&error)),
        }
    }

    /// The `Authorization` header.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    fn in_environment(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        VARIABLES.iter().find_map(|name| Self::new(&variable(name)?).ok())
    }

    fn in_file(path: &Path) -> Option<Self> {
        Self::new(&regular_file::read_to_string(path, MAX_TOKEN_BYTES).ok()?).ok()
    }

    fn in_keyring() -> Option<Self> {
        // Many systems have no keyring: that is no error, only a line in the log.
        let password = entry().and_then(|entry| entry.get_password().map_err(|error| keyring(&error)));
        match password {
            Ok(password) => Self::new(&password).ok(),
            Err(error) => {
                tracing::debug!(target: "recto::hub", "no token from the keyring: {error}");
                None
            }
        }
    }
}

/// The token file of the hub's own programs.
fn hub_file(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("HF_TOKEN_PATH")
        .or_else(|| Some(set("HF_HOME")?.join("token")))
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("huggingface/token")))
        .or_else(|| {
            let home = directories::BaseDirs::new()?.home_dir().to_owned();
            Some(home.join(".cache/huggingface/token"))
        })
}

fn entry() -> Result<Entry, HubError> {
    Entry::new_in_store(&system_keyring()?, SERVICE, USER).map_err(|error| keyring(&error))
}

#[cfg(target_vendor = "apple")]
fn system_keyring() -> Result<std::sync::Arc<CredentialStore>, HubError> {
    Ok(apple_native_keyring_store::keychain::Store::new().map_err(|error| keyring(&error))?)
}

#[cfg(windows)]
fn system_keyring() -> Result<std::sync::Arc<CredentialStore>, HubError> {
    Ok(windows_native_keyring_store::Store::new().map_err(|error| keyring(&error))?)
}

#[cfg(not(any(target_vendor = "apple", windows)))]
fn system_keyring() -> Result<std::sync::Arc<CredentialStore>, HubError> {
    // Without a session bus there is no keyring, and looking for one could start a bus.
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        return Err(HubError::Keyring { detail: "there is no session bus".to_owned() });
    }
    Ok(zbus_secret_service_keyring_store::Store::new().map_err(|error| keyring(&error))?)
}

fn keyring(error: &keyring_core::Error) -> HubError {
    // Some kinds carry the secret's bytes, so they are not printed as they are.
    let detail = match error {
        keyring_core::Error::NoEntry => "it has no token".to_owned(),
        keyring_core::Error::NoStorageAccess(source) => format!("it is locked or not available ({source})"),
        keyring_core::Error::PlatformFailure(source) => source.to_string(),
        _ => "unknown error".to_owned(),
    };
    HubError::Keyring { detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::atomic::write_file;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new(" hf_secret\n").unwrap();
        assert!(!format!("{token:?} {:?}", Some(&token)).contains("secret"));
        assert_eq!(token.header(), "Bearer hf_secret");
        for text in ["", "  ", "hf_two words", "hf_line\nbreak", "hf_ümlaut"] {
            let error = Token::new(text).unwrap_err().to_string();
            assert!(text.trim().is_empty() || !error.contains(text.trim()), "{error}");
        }
    }

    #[test]
    fn a_token_is_found_where_the_hubs_programs_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        write_file(&path, b"hf_file\n").unwrap();
        assert_eq!(Token::in_file(&path), Token::new("hf_file").ok());
        write_file(&path, &[b'a'; 5000]).unwrap();
        assert_eq!(Token::in_file(&path), None);
        let set = |name: &str| match name {
            "HF_HOME" => Some("h".to_owned()),
            "HUGGING_FACE_HUB_TOKEN" => Some("hf_old".to_owned()),
            _ => None,
        };
        assert_eq!(hub_file(&set), Some(PathBuf::from("h").join("token")));
        assert_eq!(Token::in_environment(&set), Token::new("hf_old").ok());
        let exact = |name: &str| (name == "HF_TOKEN_PATH").then(|| "t".to_owned());
        assert_eq!(hub_file(&exact), Some("t".into()));
        assert!(hub_file(&|_| None).is_none_or(|path| path.ends_with(".cache/huggingface/token")));
        assert_eq!(Token::in_environment(&|_| None), None);
    }
}
