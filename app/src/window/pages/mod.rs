//! The pages of the open report as they are shown: where they lie, which parts are drawn, what is marked on them.
//!
//! Pages lie in one column ([`mod@column`]), and all that is on a page goes through its [`Placement`]. What is in sight is
//! drawn from pictures that the viewer's thread makes ([`textures`]): first the whole page small, then sharp tiles of what is
//! in sight alone. The window never waits for one.

mod act;
mod action;
mod arrange;
mod column;
mod contents;
mod copied;
mod find;
mod placement;
mod selection;
mod textures;
mod tiles;
mod view;

pub(crate) use action::{Drag, Jump, MOST_SPANS, Marks, Paging, Stretch, Tool, ViewAction, Zoom};
pub(crate) use arrange::PAGE_GAP;
pub(crate) use column::{Column, Spot};
pub(crate) use contents::has_parts;
pub(crate) use find::Find;
pub(crate) use placement::{Placement, Rotation};
pub(crate) use selection::{Selection, Unit, can_begin, is_on_text};
pub(crate) use tiles::{part_key, thumbnail_key, tile_keys};
pub(crate) use view::PageView;
