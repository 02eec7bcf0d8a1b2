//! The application through its window and its command line.

mod flows;

mod sample;
mod scripted;
