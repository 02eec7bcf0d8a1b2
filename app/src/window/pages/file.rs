//! What the viewer has reported about the open file: page sizes, outline, and the text of pages near the current one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::document::page::{DocumentKind, Page};
use engine::protocol::ErrorReport;
use engine::viewer::{DocumentId, PageKey, Refusal, ViewInfo};

use crate::window::pages::selection::Selection;
use crate::window::remote::Remote;

/// Most pages whose text is held.
const MOST_TEXTS: usize = 64;

/// Why a file cannot be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    /// Message and hint.
    pub report: ErrorReport,
    /// The kind of cause.
    pub cause: Refusal,
}

/// The open file.
#[derive(Debug, Default)]
pub(crate) struct ViewedFile {
    /// The viewer's id of the file.
    pub document: Option<DocumentId>,
    /// Page sizes, outline and labels.
    pub info: Remote<Arc<ViewInfo>>,
    /// Why the file cannot be shown.
    pub refused: Option<Refused>,
    /// Text of pages, by page number.
    pub texts: BTreeMap<u32, Arc<Page>>,
    /// Pages whose text cannot be read; it is not requested again.
    textless: BTreeSet<u32>,
    /// Median page size, in points.
    pub(super) usual_pt: (f32, f32),
}

impl ViewedFile {
    /// A file the viewer was asked to open.
    pub(super) fn opening(document: DocumentId) -> Self {
        Self { document: Some(document), info: Remote::Pending, ..Self::default() }
    }

    /// The viewer opened the file.
    pub(super) fn set_info(&mut self, info: Arc<ViewInfo>) {
        self.usual_pt = usual_size(&info);
        self.info = Remote::Ready(info);
    }

    /// The viewer refused the file.
    pub(super) fn refuse(&mut self, refused: Refused) {
        self.info = Remote::Failed;
        self.refused = Some(refused);
    }

    /// Adds a page's text. Where there are too many, the page farthest from `current` goes, selected pages excepted.
    pub(super) fn put_text(&mut self, number: u32, page: Arc<Page>, current: u32, selection: Option<&Selection>) {
        while self.texts.len() >= MOST_TEXTS {
            let is_free = |page: &&u32| !selection.is_some_and(|selection| selection.covers(**page));
            let first = self.texts.keys().find(is_free).copied();
            let last = self.texts.keys().rfind(is_free).copied();
            let (Some(first), Some(last)) = (first, last) else { break };
            let farthest = if current.abs_diff(first) > current.abs_diff(last) { first } else { last };
            self.texts.remove(&farthest);
        }
        self.texts.insert(number, page);
    }

    /// The page's text cannot be read.
    pub(super) fn put_textless(&mut self, number: u32) {
        self.textless.insert(number);
    }

    /// Whether a page's text is there, or known to be unreadable.
    pub(super) fn knows_text(&self, page: u32) -> bool {
        self.texts.contains_key(&page) || self.textless.contains(&page)
    }

    /// Whether the file is plain text, which has no pictures.
    pub(crate) fn is_text(&self) -> bool {
        matches!(&self.info, Remote::Ready(info) if info.kind == DocumentKind::Text)
    }

    /// Whether its pages can be shown.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.info, Remote::Ready(_))
    }

    /// Whether it has a table of contents.
    pub(crate) fn has_contents(&self) -> bool {
        matches!(&self.info, Remote::Ready(info) if !info.outline.is_empty())
    }

    /// The key of a page, counted from 1.
    pub(crate) fn page_key(&self, page: u32) -> PageKey {
        PageKey { document: self.document.unwrap_or(DocumentId(0)), page }
    }
}

/// Median width and height of pages, in points: one wide table must not decide how large all pages are.
fn usual_size(info: &ViewInfo) -> (f32, f32) {
    let median = |mut sides: Vec<f32>| {
        sides.sort_by(f32::total_cmp);
        sides.get(sides.len() / 2).copied().unwrap_or(1.0).max(1.0)
    };
    let sizes = &info.sizes_pt;
    (median(sizes.iter().map(|size| size.0).collect()), median(sizes.iter().map(|size| size.1).collect()))
}
