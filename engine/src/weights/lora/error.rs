//! Errors of adapters.

use crate::diagnostic::Hint;

/// Why an adapter cannot be used with a model.
#[derive(Debug, thiserror::Error)]
pub enum LoraError {
    /// `adapter_config.json` is not JSON.
    #[error("the adapter's adapter_config.json cannot be parsed: {detail}")]
    Config {
        /// What is wrong with it.
        detail: String,
    },
    /// A field of `adapter_config.json` is missing or invalid.
    #[error("the adapter's adapter_config.json must have {field} as {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// The expected value or shape.
        expected: &'static str,
    },
    /// The adapter uses another method.
    #[error("the adapter is not plain LoRA on linear layers: {detail}")]
    OtherMethod {
        /// How that shows.
        detail: String,
    },
    /// `adapter_model.safetensors` is damaged.
    #[error("the adapter's adapter_model.safetensors is damaged: {detail}")]
    Damaged {
        /// What is wrong with it.
        detail: String,
    },
    /// A tensor that LoRA does not have.
    #[error("the adapter has a tensor that is not part of LoRA: {0}")]
    ForeignTensor(String),
    /// A required tensor is missing.
    #[error("the adapter lacks the tensor {0}")]
    Missing(String),
    /// A module that the model does not have: the adapter was made for another.
    #[error("the adapter changes {module}, which this model does not have")]
    OtherBase {
        /// The module, as the adapter names it.
        module: String,
    },
    /// A tensor of the wrong shape.
    #[error("the adapter's tensor {name} has the shape {found:?}, but rank and model require {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The expected value or shape.
        expected: Vec<usize>,
    },
    /// A number is infinite or NaN.
    #[error("the adapter's tensor {0} contains numbers that are not finite")]
    NotFinite(String),
}

impl Hint for LoraError {
    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::OtherMethod { .. } | Self::ForeignTensor(_) => {
                    "only LoRA saved by the peft library is supported; merge other adapters into the checkpoint first"
                }
                Self::OtherBase { .. } | Self::Shape { .. } => "use the adapter with the model it was trained on",
                Self::Config { .. }
                | Self::Field { .. }
                | Self::Damaged { .. }
                | Self::Missing(_)
                | Self::NotFinite(_) => "get the adapter again, as saved by the peft library",
            }
            .into(),
        )
    }
}
