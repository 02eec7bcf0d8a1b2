//! The frame: applies events, draws the screen, and dispatches what the user did.

mod appearance;
mod dispatch;
mod frame;
mod frame_times;
mod layout;
mod shortcuts;

pub use frame::Window;
