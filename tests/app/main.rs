//! The application through its window and its command line.

mod flows;
mod no_display;

mod sample;
mod scripted;
