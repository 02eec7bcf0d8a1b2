//! Addresses: the hub's, redirect targets, and which of them may receive the token.

use std::fmt::Write as _;

use ureq::http::Uri;

use crate::hub::HubError;

/// The default hub.
const DEFAULT: &str = "https://huggingface.co";
/// Environment variable of the hub's own programs.
const VARIABLE: &str = "HF_ENDPOINT";

/// The hub's address: scheme, host and port, and possibly a base path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    uri: Uri,
}

impl Endpoint {
    /// The hub that `HF_ENDPOINT` names, or the Hugging Face hub.
    ///
    /// # Errors
    /// Returns [`HubError::BadEndpoint`] when the variable is not a valid address.
    pub fn from_environment() -> Result<Self, HubError> {
        match std::env::var(VARIABLE) {
            Ok(value) if !value.trim().is_empty() => Self::parse(&value),
            _ => Self::parse(DEFAULT),
        }
    }

    /// A hub by its address.
    ///
    /// # Errors
    /// Returns [`HubError::BadEndpoint`] when it is not a valid address.
    pub fn parse(address: &str) -> Result<Self, HubError> {
        let base = address.trim().trim_end_matches('/').to_owned();
        let bad = || HubError::BadEndpoint { value: address.to_owned() };
        let uri: Uri = base.parse().map_err(|_| bad())?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let is_plain =
            uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && uri.query().is_none();
        if is_web && is_plain && uri.host().is_some_and(|host| !host.is_empty()) {
            Ok(Self { base, uri })
        } else {
            Err(bad())
        }
    }

    /// The address as it was given.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// The address of a resource on the hub; `segments` are escaped, except for slashes.
    pub(in crate::hub) fn at(&self, segments: &[&str], query: &str) -> Result<Uri, HubError> {
        let path: Vec<String> = segments.iter().map(|segment| escaped(segment)).collect();
        let address = format!("{}/{}{query}", self.base, path.join("/"));
        address.parse().map_err(|_| HubError::BadEndpoint { value: address })
    }

    /// Whether a token may be sent to the hub at all.
    pub(super) fn takes_token(&self) -> bool {
        is_private(&self.uri)
    }

    /// Whether a token may be sent to `uri`: same scheme, host and port as the hub, over a private connection.
    pub(super) fn is_trusted(&self, uri: &Uri) -> bool {
        origin(uri) == origin(&self.uri) && is_private(uri)
    }
}

/// Whether the connection to `uri` is private: encrypted, or on this machine.
pub(super) fn is_private(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https") || uri.host().is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Scheme, host and port; the scheme's default port where none is given.
fn origin(uri: &Uri) -> Option<(String, String, u16)> {
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

/// Resolves the `Location` of a redirect from `from`; `None` where it is not valid.
pub(super) fn redirected(from: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (from.scheme_str()?, from.authority()?.as_str());
    let target = if location.is_empty() {
        return None;
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if has_scheme(location) {
        location.to_owned()
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", from.path())
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let uri: Uri = target.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_web && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

fn has_scheme(location: &str) -> bool {
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

fn escaped(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_the_hub_alone_and_never_in_clear_text_over_a_network() {
        for (hub, to, trusted) in [
            ("https://hub.example", "https://hub.example/a/b", true),
            ("https://hub.example", "https://HUB.example:443/a", true),
            ("https://hub.example", "http://hub.example/a", false),
            ("https://hub.example", "https://hub.example:8443/a", false),
            ("https://hub.example", "https://cdn.hub.example/a", false),
            ("https://hub.example", "https://hub.example.evil/a", false),
            ("https://hub.example", "https://hub.example@evil/a", false),
            ("http://hub.example", "http://hub.example/a", false),
            ("http://127.0.0.1:81", "http://127.0.0.1:81/a", true),
            ("http://127.0.0.1:81", "http://127.0.0.1:82/a", false),
            ("http://localhost:81", "http://localhost:81/a", true),
            ("http://[::1]:81", "http://[::1]:81/a", true),
            ("http://127.0.0.1.evil:81", "http://127.0.0.1.evil:81/a", false),
        ] {
            let endpoint = Endpoint::parse(hub).unwrap();
            assert_eq!(endpoint.is_trusted(&to.parse().unwrap()), trusted, "{hub} {to}");
        }
    }

    #[test]
    fn redirections_lead_where_browsers_go() {
        let from: Uri = "https://hub.example/org/model/resolve/main/a.bin?x=1".parse().unwrap();
        for (location, to) in [
            ("https://cdn.example/b?sig=1#part", Some("https://cdn.example/b?sig=1")),
            ("//cdn.example/b", Some("https://cdn.example/b")),
            ("/b", Some("https://hub.example/b")),
            ("b?y", Some("https://hub.example/org/model/resolve/main/b?y")),
            ("?y", Some("https://hub.example/org/model/resolve/main/a.bin?y")),
            ("", None),
            ("file:///etc/passwd", None),
            ("ftp://cdn.example/b", None),
            ("https://", None),
            ("http:///b", None),
        ] {
            let found = redirected(&from, location).as_ref().map(ToString::to_string);
            assert_eq!(found.as_deref(), to, "{location:?}");
        }
    }

    #[test]
    fn addresses_of_hubs() {
        for (text, good) in [
            ("https://hub.example", true),
            (" https://hub.example/below/ ", true),
            ("http://127.0.0.1:8080", true),
            ("hub.example", false),
            ("ftp://hub.example", false),
            ("https://user:word@hub.example", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(Endpoint::parse(text).is_ok(), good, "{text:?}");
        }
        let endpoint = Endpoint::parse("https://hub.example/below/").unwrap();
        let at = endpoint.at(&["org/model", "resolve", "v 1?", "a+b"], "?blobs=true").unwrap();
        assert_eq!(at.to_string(), "https://hub.example/below/org/model/resolve/v%201%3F/a%2Bb?blobs=true");
    }
}
