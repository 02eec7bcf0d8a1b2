//! The frame: applies events, draws the screen, and dispatches commands.

mod appearance;
mod dispatch;
mod frame;
mod frame_times;
mod layout;
mod persistence;
mod records;
mod shortcuts;
mod start;

pub use frame::Window;
pub use start::{Services, Start};
