//! The seam between the window and the engine: commands go one way, events come the other, nobody waits.

use engine::protocol::{Command, Event};

/// Whoever does the work: the engine's thread, or a script in tests.
pub trait EngineClient {
    /// Hands over a command; what comes of it arrives as events.
    fn send(&mut self, command: Command);

    /// The next event that has arrived, in order; never waits.
    fn try_recv(&mut self) -> Option<Event>;
}
