//! A few rows times a weight matrix on the CPU, in one pass over the weights: most of the time of answering.
//!
//! candle's product of one row reaches half the memory bandwidth in f32 and a thirtieth in bf16.

use candle_core::{CpuStorage, Result, Storage, Tensor};
use half::bf16;
use rayon::prelude::*;

/// Partial sums kept side by side so that the compiler can use wide registers.
const LANES: usize = 16;

/// Output columns handed to a thread at a time.
const COLUMNS_PER_TASK: usize = 64;

/// `x · wᵀ` for few rows: `x` `[r, in]` in f32, `weight` `[out, in]` in f32 or bf16; returns `[r, out]` in f32.
///
/// # Errors
/// Fails where the shapes do not fit.
pub fn product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (rows, inner) = x.dims2()?;
    let (columns, weight_inner) = weight.dims2()?;
    if inner != weight_inner {
        candle_core::bail!("a product of [{rows}, {inner}] with the weight [{columns}, {weight_inner}]");
    }
    let x = x.contiguous()?;
    let weight = weight.contiguous()?;
    let (x_storage, x_layout) = x.storage_and_layout();
    let (weight_storage, weight_layout) = weight.storage_and_layout();
    let (Storage::Cpu(x_data), Storage::Cpu(weight_data)) = (&*x_storage, &*weight_storage) else {
        candle_core::bail!("the product of few rows runs on the CPU alone");
    };
    let x_data = &x_data.as_slice::<f32>()?[x_layout.start_offset()..][..rows * inner];
    let start = weight_layout.start_offset();
    let mut out = vec![0f32; rows * columns];
    match weight_data {
        CpuStorage::F32(w) => fill(&mut out, x_data, &w[start..][..columns * inner], rows, inner),
        CpuStorage::BF16(w) => fill(&mut out, x_data, &w[start..][..columns * inner], rows, inner),
        _ => candle_core::bail!("the product of few rows takes weights in f32 or bf16"),
    }
    Tensor::from_vec(out, (rows, columns), &candle_core::Device::Cpu)
}

/// A number type that widens to f32 without loss.
trait Widen: Copy + Send + Sync {
    fn widen(self) -> f32;
}

impl Widen for f32 {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must melt into the loop that is compiled for each kind of CPU")]
    fn widen(self) -> f32 {
        self
    }
}

impl Widen for bf16 {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must melt into the loop that is compiled for each kind of CPU")]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

/// `out[r][c] = x[r] · weight[c]`, columns spread over the threads. Weights are read once for all rows of a column.
fn fill<T: Widen>(out: &mut [f32], x: &[f32], weight: &[T], rows: usize, inner: usize) {
    let columns = out.len() / rows.max(1);
    let parts: Vec<Vec<f32>> = (0..columns.div_ceil(COLUMNS_PER_TASK))
        .into_par_iter()
        .map(|task| {
            let first = task * COLUMNS_PER_TASK;
            let last = (first + COLUMNS_PER_TASK).min(columns);
            let mut part = Vec::with_capacity((last - first) * rows);
            for column in weight[first * inner..last * inner].chunks_exact(inner) {
                for row in x.chunks_exact(inner) {
                    part.push(dot(row, column));
                }
            }
            part
        })
        .collect();
    for (column, values) in parts.iter().flat_map(|part| part.chunks_exact(rows)).enumerate() {
        for (row, &value) in values.iter().enumerate() {
            out[row * columns + column] = value;
        }
    }
}

/// Sum of products, in the widest registers that the CPU has.
fn dot<T: Widen>(x: &[f32], w: &[T]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the features that the function is compiled for were found on this CPU in the line above.
        #[expect(unsafe_code, reason = "code compiled for a CPU feature may only run where it was found")]
        return unsafe { dot_avx2(x, w) };
    }
    dot_lanes(x, w)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_avx2<T: Widen>(x: &[f32], w: &[T]) -> f32 {
    dot_lanes(x, w)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled once for each kind of CPU, inside the function that names it")]
fn dot_lanes<T: Widen>(x: &[f32], w: &[T]) -> f32 {
    let mut sums = [0f32; LANES];
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (w_blocks, w_rest) = w.as_chunks::<LANES>();
    for (x_block, w_block) in x_blocks.iter().zip(w_blocks) {
        for lane in 0..LANES {
            sums[lane] += x_block[lane] * w_block[lane].widen();
        }
    }
    let rest: f32 = x_rest.iter().zip(w_rest).map(|(x, w)| x * w.widen()).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};

    /// Against f64, for row counts and widths that do and do not fill the lanes, in both types; f32 rounding of a sum
    /// of `inner` products of scale one stays well below `inner * 1e-6`.
    #[test]
    fn product_matches_f64() {
        let device = Device::Cpu;
        for (rows, inner, columns) in [(1, 1, 1), (1, 16, 3), (2, 37, 130), (4, 640, 65), (3, 15, 64)] {
            for dtype in [DType::F32, DType::BF16] {
                let x = Tensor::randn(0f32, 1.0, (rows, inner), &device).unwrap();
                let weight = Tensor::randn(0f32, 1.0, (columns, inner), &device).unwrap().to_dtype(dtype).unwrap();
                let exact = x.to_dtype(DType::F64).unwrap();
                let exact = exact.matmul(&weight.to_dtype(DType::F64).unwrap().t().unwrap()).unwrap();
                let ours = super::product(&x, &weight).unwrap().to_dtype(DType::F64).unwrap();
                let worst = (ours - exact).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
                assert!(worst < inner as f64 * 1e-6, "{rows}x{inner}x{columns} {dtype:?}: {worst}");
            }
        }
    }

    #[test]
    fn product_of_a_slice_starts_where_the_slice_does() {
        let device = Device::Cpu;
        let weight = Tensor::arange(0f32, 12.0, &device).unwrap().reshape((4, 3)).unwrap();
        let x = Tensor::new(&[[1f32, 1.0, 1.0]], &device).unwrap();
        let last_two = super::product(&x, &weight.narrow(0, 2, 2).unwrap()).unwrap();
        assert_eq!(last_two.to_vec2::<f32>().unwrap(), [[21.0, 30.0]]);
    }
}
