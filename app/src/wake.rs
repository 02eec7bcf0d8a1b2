//! How a background thread signals a front end that an event is waiting.

use std::sync::Arc;

/// Called after each event, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;
