//! Background services of the application. Each is a trait that a front end talks to (commands in, events out, no
//! waiting) and the thread that implements it.

mod engine;
pub mod library;
pub mod models;
mod viewer;

pub use engine::EngineClient;
pub use viewer::ViewerClient;
