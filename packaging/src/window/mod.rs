//! The real window on a virtual display: worked by keys and pointer, and photographed.

mod chance_model;
pub(crate) mod check;
mod display;
mod home;
mod long_report;
pub(crate) mod screenshots;
pub(crate) mod smooth;
