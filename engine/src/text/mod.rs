//! What a plain text contains, whatever document it comes from. Knows neither pages nor models.

pub mod numbers;
