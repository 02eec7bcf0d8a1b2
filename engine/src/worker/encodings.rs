//! What was encoded of documents so far: their windows, and the states of those that are finished.

use candle_core::Tensor;

use super::Error;
use super::shelf::{Shelf, WindowStates};
use crate::prompt::Window;
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
}

impl Encodings {
    /// Windows of which nothing was encoded yet.
    pub(super) fn planned(windows: Vec<Window>) -> Self {
        let count = windows.len();
        Self {
            windows,
            states: (0..count).map(|_| None).collect(),
            origins: vec![WindowOrigin::Planned; count],
            keys: vec![None; count],
        }
    }

    /// Whether a window's states are there, in memory or on disk.
    pub(super) fn is_finished(&self, at: usize) -> bool {
        self.origins.get(at).is_some_and(|origin| *origin != WindowOrigin::Planned)
    }

    /// Whether any window's states are there.
    pub(super) fn has_finished(&self) -> bool {
        (0..self.windows.len()).any(|at| self.is_finished(at))
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

    /// What is finished, in the order of the documents; states that are not in memory come from the shelf.
    pub(super) fn finished(&self, shelf: &Shelf<'_>) -> Result<Finished<'_>, Error> {
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
        Ok(Finished { windows, states: Tensor::cat(&states, 0)?, inverse_norms: Tensor::cat(&norms, 1)? })
    }

    /// Takes a finished window in, or drops one that is gone.
    pub(super) fn finish(&mut self, at: usize, done: Done) {
        self.states[at] = done.states;
        self.origins[at] = done.origin;
        self.keys[at] = done.key;
    }
}

/// Finished windows with their states, as the decoder is shown them.
pub(super) struct Finished<'a> {
    pub(super) windows: Vec<&'a Window>,
    /// One window after the other, `[s, c]`.
    pub(super) states: Tensor,
    /// `[layers·k, s]`.
    pub(super) inverse_norms: Tensor,
}

/// A finished window: its states as far as they are to be held, where they come from, and under what they are kept.
pub(super) struct Done {
    pub(super) states: Option<WindowStates>,
    pub(super) origin: WindowOrigin,
    pub(super) key: Option<Key>,
}
