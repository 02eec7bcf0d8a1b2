//! The pages of the open report as they are shown: where they lie, which parts are drawn, what is marked on them.
//!
//! Pages lie in one column ([`mod@column`]). What is in sight is drawn from pictures that the viewer's thread makes
//! ([`textures`]): first the whole page small, then sharp tiles of what is in sight alone. The window never waits for one.

mod column;
mod find;
mod textures;
mod tiles;
mod view;

pub(crate) use column::{Column, Spot};
pub(crate) use find::Find;
pub(crate) use tiles::{part_key, thumbnail_key, tile_keys};
pub(crate) use view::{Jump, MOST_SPANS, Marks, PageView, ViewAction, Zoom};
