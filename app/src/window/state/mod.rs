//! State of the window as plain data: no egui, no threads, no files.

pub(crate) mod answer_texts;
pub(crate) mod engine_events;
pub(crate) mod fetch_pace;
pub(crate) mod figures;
pub(crate) mod fit;
pub(crate) mod found_turns;
pub(crate) mod library;
pub(crate) mod models;
pub(crate) mod pace;
pub(crate) mod page_states;
pub(crate) mod power;
pub(crate) mod reading_map;
pub(crate) mod report;
pub(crate) mod scope;
pub(crate) mod screen;
pub(crate) mod versions;
