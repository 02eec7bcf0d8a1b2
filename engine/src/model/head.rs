//! The output head: normed states to logits.

use candle_core::{Result, Tensor};

use super::native;
use crate::kernels::linear::product;
use crate::weights::WeightsError;

/// The product with the vocabulary's table `[v, c]`.
pub(super) enum Head {
    /// In int8.
    Packed(native::Linear),
    /// In the type of the weights.
    Tensor(Tensor),
}

impl Head {
    /// The head with the weight `table`, called `name` in errors; packed in int8 where asked for.
    pub(super) fn new(table: &Tensor, name: &str, packed: bool) -> std::result::Result<Self, WeightsError> {
        let load = |source| WeightsError::Load { name: name.to_owned(), source };
        Ok(if packed { Self::Packed(native::Linear::table(table).map_err(load)?) } else { Self::Tensor(table.clone()) })
    }

    /// Logits `[t, v]` of normed states `[t, c]`.
    pub(super) fn forward(&self, states: &Tensor) -> Result<Tensor> {
        match self {
            Self::Packed(table) => table.apply(states),
            Self::Tensor(table) => product(states, table),
        }
    }
}
