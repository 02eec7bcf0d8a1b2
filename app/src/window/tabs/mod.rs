//! The open reports: each tab joins the state of a report, the view of its pages, and what the session saved about it.

mod list;
mod tab;

pub(crate) use list::Tabs;
pub(crate) use tab::{Restore, Tab, Then};
