//! The real window on a virtual display: worked by keys and pointer, and photographed.

pub(crate) mod check;
mod display;
mod home;
pub(crate) mod screenshots;
