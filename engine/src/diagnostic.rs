//! Warnings, and errors with hints.
//!
//! Nothing here knows of documents, models or windows.

use serde::{Deserialize, Serialize};

use crate::untrusted::printable_message;

/// A problem that did not stop the work: one line for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Page of the document concerned, counted from 1; `None` if it concerns the whole document.
    pub page: Option<u32>,
    /// What happened, as one sentence without a full stop, escaped for display.
    pub message: String,
}

impl Diagnostic {
    /// A warning about the whole document.
    pub fn general(message: impl Into<String>) -> Self {
        Self { page: None, message: printable_message(&message.into()).to_string() }
    }

    /// A warning about page `number`, counted from 1.
    pub fn on_page(number: u32, message: impl Into<String>) -> Self {
        Self { page: Some(number), message: printable_message(&message.into()).to_string() }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.page {
            Some(page) => write!(f, "page {page}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A value with the warnings that came up while it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Warned<T> {
    /// The value.
    pub value: T,
    /// What the user should know about it, in order of occurrence.
    pub warnings: Vec<Diagnostic>,
}

impl<T> Warned<T> {
    /// A value without warnings.
    pub fn clean(value: T) -> Self {
        Self { value, warnings: Vec::new() }
    }
}

/// What to do about an error, kept apart from what failed.
pub trait Hint {
    /// One line that says what the user can do, if there is anything.
    fn hint(&self) -> Option<String>;

    /// The output of the program or server concerned, if there is any.
    fn details(&self) -> Option<String> {
        None
    }
}
