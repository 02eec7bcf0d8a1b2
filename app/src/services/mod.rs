//! Background services of the application. Each is a trait used by the front ends (commands in, events out, never
//! blocking) and the thread that implements it.

mod engine;
pub mod library;
pub mod models;
pub(crate) mod passwords;
pub(crate) mod secret;
mod viewer;

pub use engine::EngineClient;
pub use viewer::ViewerClient;
