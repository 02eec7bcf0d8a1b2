//! What is drawn where. Drawing functions are named `*_ui`, are given the state and change none of it: what the user
//! does is pushed as a [`UserCommand`](super::command::UserCommand).

mod answer_actions;
mod answer_table;
mod answer_text;
mod answers;
mod contents;
mod crops;
mod evidence;
mod figures;
mod find;
mod library;
mod links;
mod models;
mod page;
mod page_list;
mod pages;
mod pages_bar;
mod palette;
mod pointer;
mod question;
mod reading;
mod reading_map;
mod scope;
mod settings;
mod top;
mod turn;
mod warnings;

pub(crate) use answers::answers_ui;
pub(crate) use contents::{contents_ui, list_switch_ui};
pub(crate) use figures::figures_ui;
pub(crate) use find::hits_ui;
pub(crate) use library::{drop_hint_ui, library_ui};
pub(crate) use links::is_opened;
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
