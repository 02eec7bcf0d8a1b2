//! Why a network request failed, and whether a retry may help.

use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, StatusCode};

/// Why one request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) enum NetError {
    /// The host could not be reached.
    Unreachable(String),
    /// The TLS handshake failed, for example because of the certificate.
    Untrusted(String),
    /// The connection was lost during the transfer.
    Interrupted(String),
    /// An environment variable does not hold a valid proxy address.
    BadProxy(String),
    /// Too little data arrived.
    Stalled,
    /// A request was answered by nothing at all.
    Silent,
    /// The response has an error status.
    Refused(Refusal),
    /// The response is malformed or not the expected one.
    BadResponse(String),
    /// It was redirected too often, or to an address that is not allowed.
    BadRedirect(String),
    /// The file has changed since its first piece was downloaded.
    Changed,
    /// The caller no longer wants the result.
    Abandoned,
}

/// A response with an error status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct Refusal {
    /// Its status.
    pub(in crate::hub) status: u16,
    /// The hub's error code, where it sends one.
    pub(in crate::hub) code: Option<String>,
    /// The `Retry-After` of the response.
    pub(in crate::hub) retry_after: Option<Duration>,
    /// Whether a token was sent.
    pub(in crate::hub) had_token: bool,
}

impl NetError {
    /// Whether a retry may succeed.
    pub(in crate::hub) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Interrupted(_) | Self::Stalled | Self::Silent => true,
            Self::Refused(refusal) => matches!(refusal.status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Untrusted(_)
            | Self::BadProxy(_)
            | Self::BadResponse(_)
            | Self::BadRedirect(_)
            | Self::Changed
            | Self::Abandoned => false,
        }
    }

    /// How long the server asks to wait before a retry.
    pub(in crate::hub) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Translates an error of the HTTP library.
    pub(super) fn of(error: ureq::Error) -> Self {
        use std::io::ErrorKind;
        match error {
            ureq::Error::HostNotFound => Self::Unreachable("the host name cannot be resolved".to_owned()),
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                Self::Unreachable("connection timed out".to_owned())
            }
            ureq::Error::Timeout(_) | ureq::Error::BodyStalled => Self::Stalled,
            ureq::Error::ConnectionFailed => Self::Unreachable("connection failed".to_owned()),
            ureq::Error::ConnectProxyFailed(why) => {
                Self::Unreachable(format!("the proxy refused the connection: {}", first_line(&why)))
            }
            ureq::Error::Io(error) => Self::of_io(&error),
            ureq::Error::LargeResponseHeader(..) => Self::BadResponse("its header is too long".to_owned()),
            ureq::Error::Protocol(error) => Self::BadResponse(first_line(&error.to_string())),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => Self::BadResponse("invalid address".to_owned()),
            // The remaining errors come from TLS; which ones depends on the system.
            other => match std::error::Error::source(&other).and_then(|source| source.downcast_ref::<std::io::Error>())
            {
                Some(io) if io.kind() != ErrorKind::InvalidData && io.kind() != ErrorKind::Other => Self::of_io(io),
                _ => Self::Untrusted(first_line(&other.to_string())),
            },
        }
    }

    /// Translates a failed read of a body, of which nothing has come yet where `is_first`.
    pub(in crate::hub) fn of_body(error: &std::io::Error, is_first: bool) -> Self {
        match Self::of_io(error) {
            Self::Stalled if is_first => Self::Silent,
            other => other,
        }
    }

    /// Translates a failed read or write.
    pub(in crate::hub) fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => Self::Unreachable(first_line(&error.to_string())),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::Stalled,
            // rustls reports bad certificates this way.
            ErrorKind::InvalidData => Self::Untrusted(first_line(&error.to_string())),
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
                Some(ureq::Error::Timeout(_)) => Self::Stalled,
                _ => Self::Interrupted(first_line(&error.to_string())),
            },
        }
    }
}

impl Refusal {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, had_token: bool) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Self {
            status: status.as_u16(),
            code: text("x-error-code").map(|code| code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()),
            retry_after: text("retry-after").and_then(|value| retry_after(value, SystemTime::now())),
            had_token,
        }
    }
}

/// Parses `Retry-After`: seconds, or an HTTP date (`Wed, 25 Nov 2026 09:16:15 GMT`).
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(secs) = value.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    let mut words = value.split_once(',')?.1.split_ascii_whitespace();
    let day: u64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = words.next()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words.next()?.splitn(3, ':').map(|part| part.parse::<u64>().ok().filter(|part| *part < 61));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let then = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs))?;
    Some(then.duration_since(now).unwrap_or_default())
}

/// Days from 1 January 1970 to a Gregorian date; years are counted from March here.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    days - 719_468
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_retry_after_are_understood() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_598_175);
        for (value, secs) in [
            ("7", Some(7)),
            ("Wed, 25 Nov 2026 09:16:45 GMT", Some(30)),
            ("Wed, 25 Nov 2026 09:00:00 GMT", Some(0)),
            ("Thu, 26 Nov 2026 09:16:15 GMT", Some(86_400)),
            ("-3", None),
            ("soon", None),
            ("Wed, 99 Nov 2026 09:16:45 GMT", None),
            ("Wed, 25 Nov 2026 99:16:45 GMT", None),
            ("Wed, 25 Nov", None),
        ] {
            assert_eq!(retry_after(value, now), secs.map(Duration::from_secs), "{value}");
        }
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 2, 29), 11_016);
    }
}
