//! The seam between the window and whoever draws pages: commands go one way, events come the other, nobody waits.

use engine::viewer::{ViewCommand, ViewEvent};

/// Whoever draws pages: the viewer's thread, or a script in tests.
pub trait ViewerClient {
    /// Hands over a command; what comes of it arrives as events.
    fn send(&mut self, command: ViewCommand);

    /// The next event that has arrived, in order; never waits.
    fn try_recv(&mut self) -> Option<ViewEvent>;
}
