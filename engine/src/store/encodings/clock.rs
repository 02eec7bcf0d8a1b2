//! Points in time as they are stored.

use std::time::SystemTime;

/// Seconds since 1970.
pub(super) fn secs_of(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Now, in seconds since 1970.
pub(super) fn now_secs() -> u64 {
    secs_of(SystemTime::now())
}
