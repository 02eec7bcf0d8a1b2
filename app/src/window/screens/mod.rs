//! What is drawn where. Drawing functions are named `*_ui`, are given the state and change none of it: what the user
//! does is pushed as a [`UserCommand`](super::command::UserCommand).

mod answers;
mod evidence;
mod find;
mod page_list;
mod pages;
mod pages_bar;
mod question;
mod top;
mod welcome;

pub(crate) use answers::answers_ui;
pub(crate) use find::hits_ui;
pub(crate) use page_list::{page_list_ui, reading_ui};
pub(crate) use pages::pages_ui;
pub(crate) use pages_bar::pages_bar_ui;
pub(crate) use question::question_ui;
pub(crate) use top::top_ui;
pub(crate) use welcome::{drop_hint_ui, welcome_ui};
