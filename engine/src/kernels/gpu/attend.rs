//! From tensors to kernel launches: which cases of attention the GPU kernels support, and what an observer receives.

use candle_core::{DType, Result, Tensor};

use super::launch::{Card, Element, Launch, Problem};
use crate::kernels::attention::{AttentionSink, CrossKeys, OwnKeys};

/// Keys and values `[k, n, d]` with contiguous rows and a common stride between heads.
#[derive(Clone, Debug)]
pub(in crate::kernels) struct Sequence {
    pub keys: Tensor,
    pub values: Tensor,
}

impl Sequence {
    fn new(keys: &Tensor, values: &Tensor) -> Result<Self> {
        let (keys, values) = (dense_rows(keys)?, dense_rows(values)?);
        if keys.stride()[0] == values.stride()[0] {
            return Ok(Self { keys, values });
        }
        Ok(Self { keys: keys.force_contiguous()?, values: values.force_contiguous()? })
    }

    fn head_stride(&self) -> usize {
        self.keys.stride()[0]
    }
}

/// The inputs of a launch.
#[derive(Debug)]
pub(in crate::kernels) struct Inputs {
    /// `[h, r, d]`.
    pub queries: Tensor,
    /// The queries' own sequence.
    pub own: Sequence,
    /// The second sequence; where there is none, the first again, which the kernels ignore.
    pub cross: Sequence,
}

/// A range of one of the two sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernels) struct Part {
    /// Whether it is the queries' own.
    pub own: bool,
    /// First key.
    pub first: usize,
    /// Number of keys.
    pub count: usize,
}

/// A GPU that runs the kernels.
pub(in crate::kernels) trait Kernels {
    /// Its capabilities.
    fn card(&self) -> Result<Card>;

    /// The result `[r, h·d]` and the logarithms `[h, r]` of a launch.
    fn attention(&self, launch: &Launch, inputs: &Inputs) -> Result<(Tensor, Tensor)>;

    /// Softmax probabilities of the keys of `part`, averaged over heads: `[r, count]`, in f32.
    fn probabilities(&self, launch: &Launch, inputs: &Inputs, logarithms: &Tensor, part: Part) -> Result<Tensor>;
}

/// Attention by the GPU's kernels, as in [`crate::kernels::attention::attend`]; `None` where they do not support it: for other
/// number types, for wider heads, and for a memory without keys and values.
///
/// # Errors
/// Fails where the shapes do not fit or the GPU fails.
pub(in crate::kernels) fn attend_on(
    kernels: &dyn Kernels,
    queries: &Tensor,
    first_query: usize,
    own: &OwnKeys,
    cross: Option<&dyn CrossKeys>,
    scale: f64,
    sink: &mut Option<&mut dyn AttentionSink>,
) -> Result<Option<Tensor>> {
    let element = match queries.dtype() {
        DType::F32 => Element::F32,
        DType::BF16 => Element::Bf16,
        _ => return Ok(None),
    };
    let cross = match cross.filter(|cross| !cross.is_empty()).map(CrossKeys::keys_values) {
        Some(None) => return Ok(None),
        Some(Some((keys, values))) => Some(Sequence::new(keys, values)?),
        None => None,
    };
    let own_sequence = Sequence::new(&own.keys, &own.values)?;
    let num_cross = cross.as_ref().map_or(Ok(0), |cross| cross.keys.dim(1))?;
    let cross = cross.unwrap_or_else(|| own_sequence.clone());
    let inputs = Inputs { queries: dense_rows(queries)?, own: own_sequence, cross };
    for tensor in [&inputs.own.keys, &inputs.own.values, &inputs.cross.keys, &inputs.cross.values] {
        if tensor.dtype() != queries.dtype() {
            candle_core::bail!("queries in {:?} over keys or values in {:?}", queries.dtype(), tensor.dtype());
        }
    }
    let (heads, rows, head_dim) = inputs.queries.dims3()?;
    let (kv_heads, num_own, _) = inputs.own.keys.dims3()?;
    let problem = Problem {
        heads,
        kv_heads,
        rows,
        head_dim,
        num_own,
        num_cross,
        // Positions count from the first key that is still in the cache.
        first_query: first_query - own.first_position,
        visibility: own.visibility,
        scale,
        element,
        query_stride: inputs.queries.stride()[0],
        own_stride: inputs.own.head_stride(),
        cross_stride: inputs.cross.head_stride(),
    };
    let Some(launch) = Launch::new(&problem, kernels.card()?) else { return Ok(None) };
    let (mixed, logarithms) = kernels.attention(&launch, &inputs)?;
    if let Some(sink) = sink {
        let reach = own.visibility.reach(&(problem.first_query..problem.first_query + rows), num_own);
        let part = Part { own: true, first: reach.start, count: reach.len() };
        sink.own(&kernels.probabilities(&launch, &inputs, &logarithms, part)?, own.first_position + reach.start)?;
        if num_cross > 0 {
            let part = Part { own: false, first: 0, count: num_cross };
            sink.cross(&kernels.probabilities(&launch, &inputs, &logarithms, part)?)?;
        }
    }
    Ok(Some(mixed))
}

/// The same numbers with contiguous rows, starting at a multiple of 16 bytes wherever their width is one: the tensor core
/// kernels copy 16 bytes at a time.
fn dense_rows(tensor: &Tensor) -> Result<Tensor> {
    let (_, rows, width) = tensor.dims3()?;
    let stride = tensor.stride();
    let is_dense = stride[2] == 1 && (stride[1] == width || rows == 1);
    let is_aligned =
        !width.is_multiple_of(8) || (stride[0].is_multiple_of(8) && tensor.layout().start_offset().is_multiple_of(8));
    if is_dense && is_aligned { Ok(tensor.clone()) } else { tensor.force_contiguous() }
}
