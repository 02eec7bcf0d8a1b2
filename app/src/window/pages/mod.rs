//! The pages of the open report: layout, pictures, navigation, selection and marks.
//!
//! Pages lie in one column ([`mod@column`]), and everything on a page goes through its [`Placement`]. Visible pages are drawn
//! from pictures that the viewer's thread renders ([`textures`]): first a small one of the whole page, then sharp tiles of
//! the visible part. The window never waits for one.
//!
//! A [`PageView`] has three parts: the file as the viewer reports it ([`mod@file`]), what the session saves
//! ([`SavedView`]), and where the reader is ([`mod@navigation`]). Drawing reads them, and writes to the [`FrameCache`] alone.

mod action;
mod arrange;
mod cache;
mod column;
mod contents;
mod copied;
mod dispatch;
mod file;
mod find;
mod navigation;
mod placement;
mod saved_view;
mod selection;
mod textures;
mod tiles;
mod view;
mod zoom;

pub(crate) use action::{Drag, MOST_SPANS, Marks, Paging, Stretch, Tool, ViewAction, Zoom};
pub(crate) use cache::FrameCache;
pub(crate) use column::{Column, Spot};
pub(crate) use contents::has_parts;
pub(crate) use file::Refused;
pub(crate) use find::Find;
pub(crate) use navigation::Shown;
pub(crate) use placement::{Placement, Rotation};
pub(crate) use saved_view::SavedView;
pub(crate) use selection::{Selection, Unit, can_begin, is_on_text};
pub(crate) use tiles::{part_key, thumbnail_key, tile_keys};
pub(crate) use view::PageView;
pub(crate) use zoom::wheel_factor;
