//! The interface between the window and the page renderer: commands in, events out, never blocking.

use engine::viewer::{ViewCommand, ViewEvent};

/// Implemented by the viewer thread, and by a script in tests.
pub trait ViewerClient {
    /// Sends a command; its results arrive as events.
    fn send(&mut self, command: ViewCommand);

    /// The next event in order, if any; never blocks.
    fn try_recv(&mut self) -> Option<ViewEvent>;
}
