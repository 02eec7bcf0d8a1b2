//! The frame: takes in events, draws the screen, and dispatches what the user did.

mod dispatch;
mod frame;
mod frame_times;
mod layout;
mod model_commands;
mod records;
mod shortcuts;
mod turn_commands;

pub use frame::Window;
