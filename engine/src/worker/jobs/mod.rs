//! One file per kind of work; each joins the layers and reports how far it has come.

pub(super) mod ask;
pub(super) mod ask_part;
mod ask_passages;
pub(super) mod forward;
pub(super) mod read;
pub(super) mod write;
