//! The interface between the window and the engine: commands in, events out, never blocking.

use engine::protocol::{Command, Event};

/// Implemented by the engine thread, and by a script in tests.
pub trait EngineClient {
    /// Sends a command; its results arrive as events.
    fn send(&mut self, command: Command);

    /// The next event in order, if any; never blocks.
    fn try_recv(&mut self) -> Option<Event>;
}
