//! Session and settings, as they are stored.

pub(crate) mod lenient;
mod merge;
pub(crate) mod session;
pub(crate) mod settings;

use session::{Conversation, SavedSession};
use settings::Settings;

/// Width and height of the window, in points, in a stored session.
pub fn window_size(session: &[u8]) -> Option<(f32, f32)> {
    SavedSession::from_bytes(Some(session)).window
}

/// Limit of the encoding cache, in bytes, in stored settings.
pub fn cache_limit_bytes(settings: &[u8]) -> Option<u64> {
    Settings::from_bytes(Some(settings)).kept_bytes
}

/// Each question of a stored conversation with its answer, as one text.
pub fn conversation_texts(bytes: &[u8]) -> Vec<String> {
    Conversation::from_bytes(bytes).texts().collect()
}

/// The session to store in place of `stored`: `ours`, joined with what other windows changed there since this one read or
/// wrote it (`before`). `None` where it has no stored form.
pub fn merged_session(stored: &[u8], before: Option<&[u8]>, ours: &[u8]) -> Option<Vec<u8>> {
    merge::merge(stored, before, ours)
}
