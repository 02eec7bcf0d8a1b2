//! What a question is about: the whole report, some of its pages, a region of one, or several reports.

use std::path::{Path, PathBuf};

use engine::document::geometry::Rect;
use engine::protocol::{Part, Place, Source};
use engine::untrusted::printable;
use serde::{Deserialize, Serialize};

use crate::page_ranges;

/// What a question is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// All of the report.
    #[default]
    Report,
    /// The page that is in sight when the question is asked; a question that was asked is about [`Scope::Pages`].
    ThisPage,
    /// Pages, counted from 1, as ranges with both ends.
    Pages(Vec<(u32, u32)>),
    /// A region of a page.
    Region {
        /// The page, counted from 1.
        page: u32,
        /// In points of the page.
        rect: Rect,
    },
    /// The report and these others.
    Reports(Vec<PathBuf>),
}

impl Scope {
    /// The scope of a question that is asked while `current` is the page in sight.
    pub(crate) fn settled(&self, current: u32) -> Self {
        match self {
            Self::ThisPage => Self::Pages(vec![(current, current)]),
            other => other.clone(),
        }
    }

    /// As the engine is told.
    pub(crate) fn parts(&self) -> Vec<Part> {
        match self {
            Self::Report | Self::ThisPage | Self::Reports(_) => Vec::new(),
            Self::Pages(ranges) => {
                ranges.iter().map(|&(first, last)| Part::Pages { document: 0, first, last }).collect()
            }
            Self::Region { page, rect } => vec![Part::Region(Place { document: 0, page: *page, bbox: *rect })],
        }
    }

    /// The files, the report itself first.
    pub(crate) fn sources(&self, report: &Path) -> Vec<Source> {
        let of_path = |path: &Path| Source { path: path.to_owned(), password: None };
        std::iter::once(report).chain(self.others().iter().map(PathBuf::as_path)).map(of_path).collect()
    }

    /// The reports beside the one that is asked about.
    pub(crate) fn others(&self) -> &[PathBuf] {
        match self {
            Self::Reports(others) => others,
            _ => &[],
        }
    }

    /// The file that evidence with this number comes from, where that is another report.
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

/// Pages that the user wrote, of a report that has so many.
///
/// # Errors
/// Says what is wrong with them, as one sentence.
pub(crate) fn pages_of(text: &str, num_pages: u32) -> Result<Scope, String> {
    if text.trim().is_empty() {
        return Err("Which pages? For example 3-8, 12".to_owned());
    }
    let ranges = page_ranges::parse(text)?;
    match ranges.iter().find(|(_, last)| *last > num_pages) {
        Some((_, last)) => Err(format!("There is no page {last}: the report has {num_pages}")),
        None => Ok(Scope::Pages(ranges)),
    }
}

/// The file's name without its folder, fit to be shown.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| printable(&name.to_string_lossy()).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_told_in_words_and_to_the_engine() {
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
    fn pages_must_be_there() {
        assert_eq!(pages_of("3-8, 12", 12), Ok(Scope::Pages(vec![(3, 8), (12, 12)])));
        for text in ["", "3-13", "x", "5-2"] {
            assert!(pages_of(text, 12).is_err(), "{text}");
        }
    }
}
