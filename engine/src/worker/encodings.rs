//! What was encoded of documents so far: their windows, and the states of those that are finished.

use std::collections::BTreeSet;
use std::ops::Range;

use candle_core::{Device, Tensor};

use super::Error;
use super::shelf::{Shelf, WindowStates};
use crate::prompt::{Source, Window};
use crate::protocol::WindowOrigin;
use crate::store::encodings::Key;

/// Windows in the order of the documents, with the encoder states of those that are finished.
pub(super) struct Encodings {
    pub(super) windows: Vec<Window>,
    /// `None` where they lie on disk alone, or are not there yet.
    pub(super) states: Vec<Option<WindowStates>>,
    /// [`WindowOrigin::Planned`] until a window is finished.
    pub(super) origins: Vec<WindowOrigin>,
    /// Under what finished windows are kept on disk.
    keys: Vec<Option<Key>>,
    /// Figures and lines that the decoder is not shown, though they were encoded.
    left_out: BTreeSet<Source>,
}

impl Encodings {
    /// Windows of which nothing was encoded yet, and what of them the decoder is not shown.
    pub(super) fn planned(windows: Vec<Window>, left_out: BTreeSet<Source>) -> Self {
        let count = windows.len();
        Self {
            windows,
            states: (0..count).map(|_| None).collect(),
            origins: vec![WindowOrigin::Planned; count],
            keys: vec![None; count],
            left_out,
        }
    }

    /// Takes over what was made of the same windows elsewhere.
    pub(super) fn adopt(&mut self, other: &Self) {
        for at in 0..self.windows.len() {
            let Some(from) = other.position(&self.windows[at]).filter(|from| other.is_finished(*from)) else {
                continue;
            };
            self.states[at].clone_from(&other.states[from]);
            self.origins[at] = WindowOrigin::Kept;
            self.keys[at] = other.keys[from];
        }
    }

    /// Which window this is.
    pub(super) fn position(&self, window: &Window) -> Option<usize> {
        self.windows.iter().position(|other| other == window)
    }

    /// Whether a window's states are there, in memory or on disk.
    pub(super) fn is_finished(&self, at: usize) -> bool {
        self.origins.get(at).is_some_and(|origin| *origin != WindowOrigin::Planned)
    }

    /// Whether the states of any window are there that holds more than markers.
    pub(super) fn has_finished(&self) -> bool {
        self.windows.iter().enumerate().any(|(at, window)| self.is_finished(at) && holds_something(window))
    }

    /// Whether there is anything to show the decoder but markers.
    pub(super) fn shows_something(&self) -> bool {
        let is_shown = |source: &Source| {
            matches!(source, Source::Line { .. } | Source::Figure { .. }) && !self.left_out.contains(source)
        };
        self.windows.iter().flat_map(|window| &window.spans).any(|span| is_shown(&span.source))
    }

    /// Whether the states of all windows are there.
    pub(super) fn are_finished(&self) -> bool {
        (0..self.windows.len()).all(|at| self.is_finished(at))
    }

    /// Whether all states are in memory.
    pub(super) fn are_held(&self) -> bool {
        self.states.iter().all(Option::is_some)
    }

    /// Tokens in all windows.
    pub(super) fn tokens(&self) -> usize {
        self.windows.iter().map(|window| window.ids.len()).sum()
    }

    /// Tokens whose states are in memory.
    pub(super) fn held_tokens(&self) -> usize {
        let all = self.windows.iter().zip(&self.states);
        all.filter(|(_, states)| states.is_some()).map(|(window, _)| window.ids.len()).sum()
    }

    /// What is finished, in the order of the documents, without what is left out; states that are not in memory come from the
    /// shelf.
    pub(super) fn finished(&self, shelf: &Shelf<'_>) -> Result<Finished, Error> {
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
                    if let Some(kept) = shelf.window(key, window)? {
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
            return Ok(Finished { num_windows, states, inverse_norms, sources: shown.sources });
        }
        let rows = Tensor::new(shown.rows.as_slice(), &Device::Cpu)?;
        Ok(Finished {
            num_windows,
            states: states.index_select(&rows, 0)?,
            inverse_norms: inverse_norms.index_select(&rows, 1)?,
            sources: shown.sources,
        })
    }

    /// Takes a finished window in, or drops one that is gone.
    pub(super) fn finish(&mut self, at: usize, done: Done) {
        self.states[at] = done.states;
        self.origins[at] = done.origin;
        self.keys[at] = done.key;
    }
}

fn holds_something(window: &Window) -> bool {
    window.spans.iter().any(|span| matches!(span.source, Source::Line { .. } | Source::Figure { .. }))
}

/// Which tokens of windows, counted one window after the other, the decoder is shown, and where they came from.
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

/// What is finished, as the decoder is shown it.
pub(super) struct Finished {
    /// How many windows it comes from.
    pub(super) num_windows: usize,
    /// One window after the other, `[s, c]`.
    pub(super) states: Tensor,
    /// `[layers·k, s]`.
    pub(super) inverse_norms: Tensor,
    /// Where each of the `s` tokens came from.
    pub(super) sources: Vec<(Range<usize>, Source)>,
}

/// A finished window: its states as far as they are to be held, where they come from, and under what they are kept.
pub(super) struct Done {
    pub(super) states: Option<WindowStates>,
    pub(super) origin: WindowOrigin,
    pub(super) key: Option<Key>,
}
