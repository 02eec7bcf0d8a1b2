//! How a background thread tells the front end that an event is waiting.

use std::sync::Arc;

/// Called after an event was sent, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;
