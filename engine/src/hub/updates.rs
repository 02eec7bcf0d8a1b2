//! Checking for a newer version of Recto, at the user's request. Nothing is downloaded.

use semver::Version;
use serde::Deserialize;
use ureq::http::Uri;

use super::HubError;
use super::listing::{explain, host};
use super::net::{Client, Endpoint, NetError, Transfer};
use crate::cancel::CancelToken;

const RELEASE: &str = include_str!("../../../assets/release.toml");
/// Environment variable that overrides the address.
const VARIABLE: &str = "RECTO_RELEASES";
/// A release with its list of assets takes some ten kilobytes.
const MAX_BYTES: u64 = 1 << 20;
/// For the release server this status means that requests are limited.
const FORBIDDEN: u16 = 403;

/// A release of Recto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// The page that announces it.
    pub page: String,
}

/// The file that says where releases are announced.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    latest: String,
}

/// The parts of an announcement that are used.
#[derive(Deserialize)]
struct Announcement {
    tag_name: String,
    html_url: String,
}

/// Address of the release announcements: from the environment, or built in; `None` where this build has none.
pub fn releases_address() -> Option<String> {
    let set = std::env::var(VARIABLE).ok();
    let built_in = || toml::from_str::<Announced>(RELEASE).ok().map(|announced| announced.latest);
    set.or_else(built_in).filter(|address| !address.trim().is_empty())
}

/// The newest release where it is newer than `running`.
///
/// # Errors
/// Returns any network error, or [`HubError::BadResponse`] where the response cannot be used.
pub fn newer_release(address: &str, running: &str, cancel: &CancelToken) -> Result<Option<Release>, HubError> {
    let bad = || HubError::BadResponse { host: address.to_owned(), why: "not a valid address".to_owned() };
    let uri: Uri = address.trim().parse().map_err(|_| bad())?;
    // The token is never sent to the release server.
    let client = Client::new(Endpoint::parse(address).map_err(|_| bad())?, None, Transfer::default());
    let answer = client.fetch(&uri, MAX_BYTES, cancel)?;
    client.close();
    let bytes = answer.map_err(|error| explain_release(&error, &client, &uri))?;
    compare(&bytes, running).map_err(|why| HubError::BadResponse { host: host(&uri), why })
}

fn explain_release(error: &NetError, client: &Client, uri: &Uri) -> HubError {
    match error {
        NetError::Refused(refusal) if refusal.status == FORBIDDEN => {
            HubError::TooMany { host: host(uri), secs: refusal.retry_after.as_ref().map(std::time::Duration::as_secs) }
        }
        NetError::Refused(refusal) if refusal.status != 429 && refusal.status < 500 => {
            HubError::BadResponse { host: host(uri), why: "there is no release at this address".to_owned() }
        }
        other => explain(other, client, uri, "", None),
    }
}

/// The announced release, where it is newer than the running version; the error says what is wrong with the announcement.
fn compare(bytes: &[u8], running: &str) -> Result<Option<Release>, String> {
    let announced: Announcement =
        serde_json::from_slice(bytes).map_err(|_| "it is not a release announcement".to_owned())?;
    let version = |text: &str| {
        let numbers = text.trim().trim_start_matches(['v', 'V']);
        Version::parse(numbers).map_err(|_| format!("`{}` is not a version", text.chars().take(40).collect::<String>()))
    };
    let newest = version(&announced.tag_name)?;
    if newest <= version(running)? {
        return Ok(None);
    }
    if !announced.html_url.starts_with("https://") {
        return Err("the release has no web page".to_owned());
    }
    Ok(Some(Release { version: newest.to_string(), page: announced.html_url }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(tag: &str, page: &str) -> Result<Option<String>, String> {
        let text = serde_json::json!({ "tag_name": tag, "html_url": page, "assets": [] }).to_string();
        compare(text.as_bytes(), "0.2.0").map(|release| release.map(|release| release.version))
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let page = "https://example.org/recto/releases/v0.10.0";
        for (tag, newer) in [
            ("v0.10.0", Some("0.10.0")),
            ("0.2.1", Some("0.2.1")),
            ("v0.2.0", None),
            ("v0.1.9", None),
            ("v0.2.0-rc.1", None),
            ("v0.3.0-rc.1", Some("0.3.0-rc.1")),
        ] {
            assert_eq!(announced(tag, page).unwrap().as_deref(), newer, "{tag}");
        }
    }

    #[test]
    fn what_is_no_announcement_is_said_to_be_none() {
        assert!(announced("latest", "https://example.org").unwrap_err().contains("`latest` is not a version"));
        assert!(announced("v9.0.0", "javascript:alert(1)").unwrap_err().contains("no web page"));
        assert!(compare(b"<html>", "0.2.0").unwrap_err().contains("not a release announcement"));
    }

    #[test]
    fn the_file_with_the_address_is_sound() {
        let announced: Announced = toml::from_str(RELEASE).unwrap();
        assert!(announced.latest.is_empty() || announced.latest.starts_with("https://"), "{}", announced.latest);
    }
}
