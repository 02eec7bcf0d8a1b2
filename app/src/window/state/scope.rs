//! The scope of a question: the whole report, some pages, a region of a page, or several reports.

use std::path::{Path, PathBuf};

use engine::document::geometry::Rect;
use engine::protocol::{Part, Place, Source};
use serde::{Deserialize, Serialize};

use crate::page_ranges;

/// The scope of a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// The whole report.
    #[default]
    Report,
    /// The page that is visible when the question is asked; becomes [`Scope::Pages`] then.
    ThisPage,
    /// Pages, counted from 1, as ranges with both ends.
    Pages(Vec<(u32, u32)>),
    /// A region of a page.
    Region {
        /// The page, counted from 1.
        page: u32,
        /// The region, in page points.
        rect: Rect,
    },
    /// This report and these others.
    Reports(Vec<PathBuf>),
}

impl Scope {
    /// The scope of a question asked while page `current` is visible.
    pub(crate) fn settled(&self, current: u32) -> Self {
        match self {
            Self::ThisPage => Self::Pages(vec![(current, current)]),
            other => other.clone(),
        }
    }

    /// The scope for the engine.
    pub(crate) fn parts(&self) -> Vec<Part> {
        match self {
            Self::Report | Self::ThisPage | Self::Reports(_) => Vec::new(),
            Self::Pages(ranges) => {
                ranges.iter().map(|&(first, last)| Part::Pages { document: 0, first, last }).collect()
            }
            Self::Region { page, rect } => vec![Part::Region(Place { document: 0, page: *page, bbox: *rect })],
        }
    }

    /// The files in scope, this report first.
    pub(crate) fn sources(&self, report: &Path) -> Vec<Source> {
        let of_path = |path: &Path| Source { path: path.to_owned(), password: None };
        std::iter::once(report).chain(self.others().iter().map(PathBuf::as_path)).map(of_path).collect()
    }

    /// The other reports in scope.
    pub(crate) fn others(&self) -> &[PathBuf] {
        match self {
            Self::Reports(others) => others,
            _ => &[],
        }
    }

    /// The file of document `document` of the evidence, if it is another report.
    pub(crate) fn other(&self, document: u32) -> Option<&Path> {
        self.others().get((document as usize).checked_sub(1)?).map(PathBuf::as_path)
    }

    /// "pages 3–8, 12"; `None` for the whole report.
    pub(crate) fn words(&self) -> Option<String> {
        Some(match self {
            Self::Report => return None,
            Self::ThisPage => "this page".to_owned(),
            Self::Pages(ranges) => match ranges.as_slice() {
                [(first, last)] if first == last => format!("page {first}"),
                ranges => format!("pages {}", page_ranges::words(ranges)),
            },
            Self::Region { page, .. } => format!("a region of page {page}"),
            Self::Reports(others) => format!("{} reports", others.len() + 1),
        })
    }
}

/// Parses pages typed by the user and checks them against the number of pages.
///
/// # Errors
/// Describes the error in one sentence.
pub(crate) fn pages_of(text: &str, num_pages: u32) -> Result<Scope, String> {
    if text.trim().is_empty() {
        return Err("Enter pages, for example 3-8, 12".to_owned());
    }
    let ranges = page_ranges::parse(text)?;
    match ranges.iter().find(|(_, last)| *last > num_pages) {
        Some((_, last)) => Err(format!("There is no page {last}: the report has {num_pages} pages")),
        None => Ok(Scope::Pages(ranges)),
    }
}

/// File name without its folder, escaped for display.
pub(crate) fn file_name(path: &Path) -> String {
    engine::document::file_name(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_shown_in_words_and_sent_to_the_engine() {
        let rect = Rect::new(10.0, 20.0, 30.0, 40.0);
        let page = |first, last| Part::Pages { document: 0, first, last };
        for (scope, words, parts, sources) in [
            (Scope::Report, None, vec![], 1),
            (Scope::ThisPage.settled(7), Some("page 7"), vec![page(7, 7)], 1),
            (Scope::Pages(vec![(3, 8), (12, 12)]), Some("pages 3–8, 12"), vec![page(3, 8), page(12, 12)], 1),
            (
                Scope::Region { page: 5, rect },
                Some("a region of page 5"),
                vec![Part::Region(Place { document: 0, page: 5, bbox: rect })],
                1,
            ),
            (Scope::Reports(vec!["b.pdf".into(), "c.pdf".into()]), Some("3 reports"), vec![], 3),
        ] {
            assert_eq!(scope.words().as_deref(), words);
            assert_eq!(scope.parts(), parts);
            assert_eq!(scope.sources(Path::new("a.pdf")).len(), sources);
        }
    }

    #[test]
    fn pages_must_exist() {
        assert_eq!(pages_of("3-8, 12", 12), Ok(Scope::Pages(vec![(3, 8), (12, 12)])));
        for text in ["", "3-13", "x", "5-2"] {
            assert!(pages_of(text, 12).is_err(), "{text}");
        }
    }
}
