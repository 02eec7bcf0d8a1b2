//! Files in, pages of lines and figures with boxes out.
//!
//! PDFium runs in a process of its own ([`pages`]); what it tells of a page ([`raw`]) becomes lines in reading order
//! ([`layout`]) and figures ([`figures`]) by pure functions. Nothing here knows of tokens or models.

pub mod figures;
pub mod geometry;
pub mod page;
pub mod raw;
