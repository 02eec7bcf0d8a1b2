//! The real window on a virtual display, driven by keys and pointer.

pub(crate) mod check;
pub(crate) mod display;
pub(crate) mod home;
mod long_report;
pub(crate) mod random_model;
pub(crate) mod screenshots;
mod slow_hub;
pub(crate) mod smooth;
