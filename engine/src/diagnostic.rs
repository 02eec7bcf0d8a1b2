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

/// Pages whose warnings are named one by one; of further pages only the number is given.
const MAX_NAMED_PAGES: u32 = 10;

/// Warnings about whole documents that are kept.
const MAX_GENERAL: usize = 20;

/// Collects warnings so that a bad file cannot make them a flood: the first ones as they are, then a number of pages.
#[derive(Debug, Default)]
pub struct Warnings {
    kept: Vec<Diagnostic>,
    general: usize,
    named_pages: u32,
    more_pages: u32,
    last_page: Option<u32>,
}

impl Warnings {
    /// Adds one; those about the same page come one after the other.
    pub fn push(&mut self, warning: Diagnostic) {
        let is_kept = match warning.page {
            None => {
                self.general += 1;
                self.general <= MAX_GENERAL && !self.kept.contains(&warning)
            }
            page if page == self.last_page => self.more_pages == 0,
            page => {
                self.last_page = page;
                let is_named = self.named_pages < MAX_NAMED_PAGES;
                *(if is_named { &mut self.named_pages } else { &mut self.more_pages }) += 1;
                is_named
            }
        };
        if is_kept {
            self.kept.push(warning);
        }
    }

    /// The warnings in order of occurrence, the number of pages that are not named last.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut warnings = self.kept;
        match self.more_pages {
            0 => {}
            1 => warnings.push(Diagnostic::general("and 1 more page with such a warning")),
            more => warnings.push(Diagnostic::general(format!("and {} more pages with such warnings", grouped(more)))),
        }
        warnings
    }
}

impl Extend<Diagnostic> for Warnings {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, warnings: I) {
        warnings.into_iter().for_each(|warning| self.push(warning));
    }
}

/// A number with a comma between its thousands.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_warnings_becomes_a_few_and_a_number() {
        let mut warnings = Warnings::default();
        warnings.push(Diagnostic::general("about the file"));
        for page in 1..=12_355 {
            warnings.push(Diagnostic::on_page(page, "the page could not be read"));
            warnings.push(Diagnostic::on_page(page, "another problem"));
        }
        let warnings = warnings.finish();
        assert_eq!(warnings.len(), 22);
        assert_eq!(warnings[20], Diagnostic::on_page(10, "another problem"));
        assert_eq!(warnings[21].to_string(), "and 12,345 more pages with such warnings");
    }

    #[test]
    fn a_few_warnings_stay_as_they_are() {
        let few: Vec<Diagnostic> = (1..=10).map(|page| Diagnostic::on_page(page, "bad")).collect();
        let mut warnings = Warnings::default();
        warnings.extend(few.clone());
        assert_eq!(warnings.finish(), few);
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_048_574, "1,048,574")] {
            assert_eq!(grouped(number), expected);
        }
    }
}
