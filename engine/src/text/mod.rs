//! What a plain text contains, whatever document it comes from. Knows neither pages nor models.

mod language;
pub mod numbers;

pub use language::Language;
