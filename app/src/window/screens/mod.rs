//! What each part of the window looks like. Drawing functions are named `*_ui`. They read the state and change none of it:
//! what the user does is pushed as a [`UserCommand`](crate::window::commands::UserCommand), what only the next frame needs
//! goes into a frame cache, and fields edit the texts they are lent. `tests/tidy/drawing.rs` lists what may be written to.

mod answer_actions;
mod answer_spans;
mod answer_table;
mod answer_text;
mod answers;
mod contents;
mod copied;
mod crops;
mod evidence;
mod fetching;
mod figures;
mod find;
mod library;
mod links;
mod models;
mod offers;
mod page;
mod page_list;
mod pages;
mod pages_bar;
mod palette;
mod pointer;
mod question;
mod reading;
mod reading_map;
mod refused;
mod scope;
mod settings;
mod top;
mod turn;
mod updates;
mod warnings;

pub(crate) use answers::answers_ui;
pub(crate) use contents::{contents_ui, list_switch_ui};
pub(crate) use copied::copied_ui;
pub(crate) use figures::figures_ui;
pub(crate) use find::hits_ui;
pub(crate) use library::{drop_hint_ui, library_ui};
pub(crate) use links::is_opened;
pub(crate) use offers::ModelsView;
pub(crate) use page_list::page_list_ui;
pub(crate) use pages::pages_ui;
pub(crate) use pages_bar::pages_bar_ui;
pub(crate) use palette::palette_ui;
pub(crate) use question::question_ui;
pub(crate) use reading::reading_ui;
pub(crate) use reading_map::reading_map_ui;
pub(crate) use scope::{OtherReport, scope_ui};
pub(crate) use settings::settings_ui;
pub(crate) use top::top_ui;
pub(crate) use warnings::warnings_ui;
