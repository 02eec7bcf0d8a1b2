//! What lower layers report with: a result that carries warnings, and errors that say what to do.
//!
//! Nothing here knows of documents, models or windows.

use serde::{Deserialize, Serialize};

use crate::untrusted::printable_message;

/// Something that went wrong without stopping the work: one line for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Page of the document concerned, counted from 1; `None` where it concerns all of it.
    pub page: Option<u32>,
    /// What happened, as one sentence without a full stop; fit to be shown whatever a file had in it.
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

/// A value together with what was not quite right while making it.
#[derive(Clone, Debug, PartialEq)]
pub struct Warned<T> {
    /// What was made.
    pub value: T,
    /// What the user should know about it, in the order it was met.
    pub warnings: Vec<Diagnostic>,
}

impl<T> Warned<T> {
    /// A value about which there is nothing to say.
    pub fn clean(value: T) -> Self {
        Self { value, warnings: Vec::new() }
    }
}

/// What to do about an error, told apart from what failed.
pub trait Hint {
    /// One line that says what the user can do, where there is something.
    fn hint(&self) -> Option<String>;

    /// What a program or server said of it, for those who want to know more than the message.
    fn details(&self) -> Option<String> {
        None
    }
}
