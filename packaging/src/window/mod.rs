//! The real window on a virtual display: worked by keys and pointer, and photographed.

pub(crate) mod chance_model;
pub(crate) mod check;
pub(crate) mod display;
pub(crate) mod home;
mod long_report;
pub(crate) mod screenshots;
mod slow_hub;
pub(crate) mod smooth;
