//! Attention on GPUs: what CUDA and Metal share.
//!
//! The kernels themselves are `cuda/attention.cu` and `metal/attention.metal`; both keep memory linear in the number of
//! tokens, take both sequences of merged attention in one softmax, and split the keys where there are few rows. See
//! `docs/gpu.md`.

#[cfg(any(feature = "cuda", feature = "metal", test))]
mod attend;
pub mod launch;
#[cfg(test)]
mod tests;

#[cfg(any(feature = "cuda", feature = "metal"))]
pub(super) use attend::{Inputs, Kernels, Part};

#[cfg(any(feature = "cuda", feature = "metal"))]
use super::attention::{AttentionSink, CrossKeys, OwnKeys};
#[cfg(any(feature = "cuda", feature = "metal"))]
use candle_core::{Device, Result, Tensor};

/// Attention by the kernels of the GPU that the queries are on; `None` on the CPU, and for cases that the kernels do not
/// support.
///
/// # Errors
/// Fails where the shapes do not fit or the GPU fails.
#[cfg(any(feature = "cuda", feature = "metal"))]
pub(super) fn attend(
    queries: &Tensor,
    first_query: usize,
    own: &OwnKeys,
    cross: Option<&dyn CrossKeys>,
    scale: f64,
    sink: &mut Option<&mut dyn AttentionSink>,
) -> Result<Option<Tensor>> {
    let kernels: &dyn Kernels = match queries.device() {
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => device,
        #[cfg(feature = "metal")]
        Device::Metal(device) => device,
        _ => return Ok(None),
    };
    attend::attend_on(kernels, queries, first_query, own, cross, scale, sink)
}
