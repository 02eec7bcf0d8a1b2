//! The windows of documents, with the encoder states of those that are finished.

use std::collections::BTreeSet;
use std::ops::Range;

use candle_core::{Device, Tensor};

use super::cache::{EncodingCache, WindowStates};
use crate::prompt::{Source, Window};
use crate::protocol::{Part, ReadingOptions, WindowOrigin, WindowReport};
use crate::store::encodings::Key;
use crate::worker::Error;

/// Everything that encoder states depend on, besides the model: equal keys mean equal states.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::worker) struct EncodingKey {
    pub(in crate::worker) hashes: Vec<String>,
    pub(in crate::worker) reading: ReadingOptions,
    /// Empty for the whole documents.
    pub(in crate::worker) scope: Vec<Part>,
    pub(in crate::worker) question: Option<String>,
}

impl EncodingKey {
    /// The key of the whole documents, for any question.
    pub(in crate::worker) fn unscoped(&self) -> Self {
        Self { scope: Vec::new(), question: None, ..self.clone() }
    }
}

/// Windows in document order, with the encoder states of those that are finished.
pub(in crate::worker) struct WindowEncodings {
    pub(in crate::worker) windows: Vec<Window>,
    /// `None` for a window that is only on disk, or not finished.
    pub(in crate::worker) states: Vec<Option<WindowStates>>,
    /// [`WindowOrigin::Planned`] until a window is finished.
    pub(in crate::worker) origins: Vec<WindowOrigin>,
    /// Cache keys of finished windows that are on disk.
    keys: Vec<Option<Key>>,
    /// Figures and lines that were encoded but are hidden from the decoder.
    left_out: BTreeSet<Source>,
}

impl WindowEncodings {
    /// Windows of which none is encoded yet. The decoder is not shown what is `left_out`.
    pub(in crate::worker) fn planned(windows: Vec<Window>, left_out: BTreeSet<Source>) -> Self {
        let count = windows.len();
        Self {
            windows,
            states: (0..count).map(|_| None).collect(),
            origins: vec![WindowOrigin::Planned; count],
            keys: vec![None; count],
            left_out,
        }
    }

    /// Copies the states of windows that `other` has finished.
    pub(in crate::worker) fn adopt(&mut self, other: &Self) {
        for at in 0..self.windows.len() {
            let Some(from) = other.position(&self.windows[at]).filter(|from| other.is_finished(*from)) else {
                continue;
            };
            self.states[at].clone_from(&other.states[from]);
            self.origins[at] = WindowOrigin::Kept;
            self.keys[at] = other.keys[from];
        }
    }

    /// The index of a window.
    pub(in crate::worker) fn position(&self, window: &Window) -> Option<usize> {
        self.windows.iter().position(|other| other == window)
    }

    /// Whether a window's states are available, in memory or on disk.
    pub(in crate::worker) fn is_finished(&self, at: usize) -> bool {
        self.origins.get(at).is_some_and(|origin| *origin != WindowOrigin::Planned)
    }

    /// Whether any window with more than markers is finished.
    pub(in crate::worker) fn has_finished(&self) -> bool {
        self.windows.iter().enumerate().any(|(at, window)| self.is_finished(at) && has_content(window))
    }

    /// Whether the decoder would be shown anything but markers.
    pub(in crate::worker) fn shows_content(&self) -> bool {
        let is_shown = |source: &Source| {
            matches!(source, Source::Line { .. } | Source::Figure { .. }) && !self.left_out.contains(source)
        };
        self.windows.iter().flat_map(|window| &window.spans).any(|span| is_shown(&span.source))
    }

    /// Whether all windows are finished.
    pub(in crate::worker) fn are_finished(&self) -> bool {
        (0..self.windows.len()).all(|at| self.is_finished(at))
    }

    /// Whether all states are in memory.
    pub(in crate::worker) fn are_in_memory(&self) -> bool {
        self.states.iter().all(Option::is_some)
    }

    /// Tokens in all windows.
    pub(in crate::worker) fn tokens(&self) -> usize {
        self.windows.iter().map(|window| window.ids.len()).sum()
    }

    /// Tokens of windows whose states are in memory.
    pub(in crate::worker) fn tokens_in_memory(&self) -> usize {
        let all = self.windows.iter().zip(&self.states);
        all.filter(|(_, states)| states.is_some()).map(|(window, _)| window.ids.len()).sum()
    }

    /// The states of all finished windows in document order, without what is left out. States that are not in memory are
    /// read from the cache.
    pub(in crate::worker) fn finished(&self, cache: &EncodingCache<'_>) -> Result<FinishedWindows, Error> {
        let (mut windows, mut states, mut norms) = (Vec::new(), Vec::new(), Vec::new());
        let mut add = |window, of_window: &WindowStates| {
            windows.push(window);
            states.push(of_window.states.clone());
            norms.push(of_window.inverse_norms.clone());
        };
        for (at, window) in self.windows.iter().enumerate() {
            match (&self.states[at], &self.keys[at]) {
                (Some(held), _) => add(window, held),
                (None, Some(key)) => {
                    if let Some(kept) = cache.get_window(key, window)? {
                        add(window, &kept);
                    }
                }
                (None, None) => {}
            }
        }
        let (states, inverse_norms) = (Tensor::cat(&states, 0)?, Tensor::cat(&norms, 1)?);
        let shown = Shown::of(&windows, &self.left_out);
        let num_windows = windows.len();
        if shown.rows.len() == states.dim(0)? {
            return Ok(FinishedWindows { num_windows, states, inverse_norms, sources: shown.sources });
        }
        let rows = Tensor::new(shown.rows.as_slice(), &Device::Cpu)?;
        Ok(FinishedWindows {
            num_windows,
            states: states.index_select(&rows, 0)?,
            inverse_norms: inverse_norms.index_select(&rows, 1)?,
            sources: shown.sources,
        })
    }

    /// Stores the result for a window; an origin of [`WindowOrigin::Planned`] marks it unfinished.
    pub(in crate::worker) fn finish(&mut self, at: usize, result: WindowResult) {
        self.states[at] = result.states;
        self.origins[at] = result.origin;
        self.keys[at] = result.key;
    }
}

fn has_content(window: &Window) -> bool {
    window.spans.iter().any(|span| matches!(span.source, Source::Line { .. } | Source::Figure { .. }))
}

/// The tokens that the decoder is shown, as rows of the concatenated windows, and where they came from.
#[derive(Default)]
struct Shown {
    rows: Vec<u32>,
    sources: Vec<(Range<usize>, Source)>,
}

impl Shown {
    fn of(windows: &[&Window], left_out: &BTreeSet<Source>) -> Self {
        let mut shown = Self::default();
        let mut offset = 0;
        for window in windows {
            for span in window.spans.iter().filter(|span| !left_out.contains(&span.source)) {
                let first = shown.rows.len();
                shown.rows.extend(offset + span.tokens.start..offset + span.tokens.end);
                shown.sources.push((first..shown.rows.len(), span.source));
            }
            offset += window.ids.len() as u32;
        }
        shown
    }
}

/// The states of finished windows, as the decoder is shown them.
pub(in crate::worker) struct FinishedWindows {
    /// Number of windows they come from.
    pub(in crate::worker) num_windows: usize,
    /// The states of all windows in a row, `[s, c]`.
    pub(in crate::worker) states: Tensor,
    /// `[layers·k, s]`.
    pub(in crate::worker) inverse_norms: Tensor,
    /// Where each of the `s` tokens came from.
    pub(in crate::worker) sources: Vec<(Range<usize>, Source)>,
}

/// The result of encoding a window: its states if they stay in memory, where they came from, and their cache key if they are
/// on disk.
pub(in crate::worker) struct WindowResult {
    pub(in crate::worker) states: Option<WindowStates>,
    pub(in crate::worker) origin: WindowOrigin,
    pub(in crate::worker) key: Option<Key>,
}

/// Describes a window for the reading map.
pub(in crate::worker) fn window_report(window: &Window, origin: WindowOrigin) -> WindowReport {
    let pages = window.pages();
    let (document, first_page) = pages.first().copied().unwrap_or_default();
    WindowReport {
        document,
        first_page,
        last_page: pages.last().map_or(first_page, |&(_, page)| page),
        tokens: window.ids.len() as u32,
        figures: window.images.len() as u32,
        origin,
    }
}
