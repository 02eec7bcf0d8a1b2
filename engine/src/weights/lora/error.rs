//! What can be wrong with an adapter.

use crate::diagnostic::Hint;

/// Why an adapter cannot be put on a model.
#[derive(Debug, thiserror::Error)]
pub enum LoraError {
    /// `adapter_config.json` is not JSON.
    #[error("the adapter's adapter_config.json cannot be understood: {detail}")]
    Config {
        /// What is wrong with it.
        detail: String,
    },
    /// A field of `adapter_config.json` is missing or says what cannot be.
    #[error("the adapter's adapter_config.json must give {field} as {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is an adapter of another kind.
    #[error("the adapter is not plain LoRA on linear layers: {detail}")]
    OtherMethod {
        /// What says so.
        detail: String,
    },
    /// `adapter_model.safetensors` is damaged.
    #[error("the adapter's adapter_model.safetensors is damaged: {detail}")]
    Damaged {
        /// What is wrong with it.
        detail: String,
    },
    /// A tensor that LoRA does not have.
    #[error("the adapter has a tensor that LoRA has not: {0}")]
    ForeignTensor(String),
    /// A half of an update, or a whole one, that should be there.
    #[error("the adapter lacks the tensor {0}")]
    Missing(String),
    /// A module that the model does not have: the adapter was made for another.
    #[error("the adapter changes {module}, which this model does not have")]
    OtherBase {
        /// The module, as the adapter names it.
        module: String,
    },
    /// A tensor of the wrong shape.
    #[error("the adapter's tensor {name} is {found:?}, where rank and model ask for {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// What it should be.
        expected: Vec<usize>,
    },
    /// A number that is not one.
    #[error("the adapter's tensor {0} holds numbers that are not finite")]
    NotFinite(String),
}

impl Hint for LoraError {
    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::OtherMethod { .. } | Self::ForeignTensor(_) => {
                    "only LoRA as the peft library saves it can be used; merge other kinds into the checkpoint first"
                }
                Self::OtherBase { .. } | Self::Shape { .. } => "use the adapter with the model that it was trained on",
                Self::Config { .. }
                | Self::Field { .. }
                | Self::Damaged { .. }
                | Self::Missing(_)
                | Self::NotFinite(_) => "get the adapter again; it must be as the peft library saved it",
            }
            .into(),
        )
    }
}
