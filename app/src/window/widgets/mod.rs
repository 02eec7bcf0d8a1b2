//! Widgets shared by several screens; they draw their arguments and do not know the state.

mod bar;
mod error_card;
mod link;
mod page_grid;
mod passage;
mod primary_button;

pub(crate) use bar::bar_ui;
pub(crate) use error_card::{as_sentence, error_card_of_ui, error_card_ui, error_card_with_ui};
pub(crate) use link::link_ui;
pub(crate) use page_grid::PageGrid;
pub(crate) use passage::passage_job;
pub(crate) use primary_button::primary_button_ui;
