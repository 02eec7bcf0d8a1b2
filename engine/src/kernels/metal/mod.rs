//! Attention on Apple GPUs: launches the kernels of `attention.metal`, which the system compiles when they are first needed.
//!
//! Knows tensors and launches; what to launch is decided in [`super::gpu`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use candle_core::backend::BackendStorage;
use candle_core::metal_backend::DeviceId;
use candle_core::op::BackpropOp;
use candle_core::{DType, Error, MetalDevice, MetalStorage, Result, Shape as TensorShape, Storage, Tensor};
use candle_metal_kernels::metal::{Buffer, ComputeCommandEncoder, ComputePipeline, Library};
use objc2_metal::MTLSize;

use super::gpu::launch::{Card, Launch, THREADS};
use super::gpu::{Inputs, Kernels, Part};

const SOURCE: &str = include_str!("attention.metal");

/// Lanes of a SIMD group; one group computes one key's probabilities.
const LANES: u32 = 32;

/// The kernels of a device, compiled so far.
struct Compiled {
    library: Library,
    pipelines: HashMap<String, ComputePipeline>,
}

static COMPILED: LazyLock<Mutex<HashMap<DeviceId, Compiled>>> = LazyLock::new(Mutex::default);

impl Kernels for MetalDevice {
    fn card(&self) -> Result<Card> {
        Ok(Card::Metal)
    }

    fn attention(&self, launch: &Launch, inputs: &Inputs) -> Result<(Tensor, Tensor)> {
        attention(self, launch, inputs)
    }

    fn probabilities(&self, launch: &Launch, inputs: &Inputs, logarithms: &Tensor, part: Part) -> Result<Tensor> {
        probabilities(self, launch, inputs, logarithms, part)
    }
}

fn attention(device: &MetalDevice, launch: &Launch, inputs: &Inputs) -> Result<(Tensor, Tensor)> {
    let shape = launch.shape;
    let dtype = inputs.queries.dtype();
    let (heads, rows, width) = (shape.heads as usize, shape.rows as usize, shape.head_dim as usize);
    let (num_parts, num_logarithms) = launch.scratch();
    let out = device.new_buffer(rows * heads * width, dtype, "attention")?;
    let parts = device.new_buffer(num_parts.max(1), DType::F32, "attention parts")?;
    let part_logarithms = device.new_buffer(num_logarithms, DType::F32, "attention logarithms")?;
    let attend = pipeline(device, &launch.kernel)?;
    let joining = if shape.splits > 1 {
        let whole = device.new_buffer(heads * rows, DType::F32, "attention logarithms")?;
        Some((pipeline(device, &named("combine", dtype))?, whole))
    } else {
        None
    };
    let guard = device.command_encoder()?;
    let encoder: &ComputeCommandEncoder = guard.as_ref();
    encoder.set_compute_pipeline_state(&attend);
    encoder.set_bytes(0, &shape);
    let tensors = [&inputs.queries, &inputs.own.keys, &inputs.own.values, &inputs.cross.keys, &inputs.cross.values];
    for (index, tensor) in tensors.into_iter().enumerate() {
        set_tensor(encoder, index + 1, tensor)?;
    }
    for (index, buffer) in [&out, &parts, &part_logarithms].into_iter().enumerate() {
        encoder.set_output_buffer(index + 6, Some(buffer), 0);
    }
    encoder.set_threadgroup_memory_length(0, (launch.shared_bytes as usize).next_multiple_of(16));
    encoder.dispatch_thread_groups(size(launch.grid), size([THREADS, 1, 1]));
    let mut logarithms = part_logarithms;
    if let Some((combine, whole)) = joining {
        encoder.set_compute_pipeline_state(&combine);
        encoder.set_bytes(0, &shape);
        encoder.set_input_buffer(1, Some(&parts), 0);
        encoder.set_input_buffer(2, Some(&logarithms), 0);
        encoder.set_output_buffer(3, Some(&out), 0);
        encoder.set_output_buffer(4, Some(&whole), 0);
        encoder.dispatch_thread_groups(size([shape.rows as u32, shape.heads as u32, 1]), size([THREADS, 1, 1]));
        logarithms = whole;
    }
    drop(guard);
    Ok((tensor(device, out, dtype, (rows, heads * width)), tensor(device, logarithms, DType::F32, (heads, rows))))
}

fn probabilities(
    device: &MetalDevice,
    launch: &Launch,
    inputs: &Inputs,
    logarithms: &Tensor,
    part: Part,
) -> Result<Tensor> {
    let rows = launch.shape.rows as usize;
    let keys = if part.own { &inputs.own.keys } else { &inputs.cross.keys };
    let out = device.new_buffer(rows * part.count, DType::F32, "attention probabilities")?;
    let pipeline = pipeline(device, &named("probabilities", inputs.queries.dtype()))?;
    let guard = device.command_encoder()?;
    let encoder: &ComputeCommandEncoder = guard.as_ref();
    encoder.set_compute_pipeline_state(&pipeline);
    encoder.set_bytes(0, &launch.shape);
    set_tensor(encoder, 1, &inputs.queries)?;
    set_tensor(encoder, 2, keys)?;
    set_tensor(encoder, 3, logarithms)?;
    encoder.set_bytes(4, &[i32::from(part.own), part.first as i32, part.count as i32]);
    encoder.set_output_buffer(5, Some(&out), 0);
    let blocks = (part.count as u32).div_ceil(THREADS / LANES);
    encoder.dispatch_thread_groups(size([blocks, launch.shape.rows as u32, 1]), size([THREADS, 1, 1]));
    drop(guard);
    Ok(tensor(device, out, DType::F32, (rows, part.count)))
}

/// Name of a kernel in `attention.metal` for elements of `dtype`.
fn named(kernel: &str, dtype: DType) -> String {
    format!("attention_{kernel}_{}", dtype.as_str())
}

/// A kernel, compiled on first use.
fn pipeline(device: &MetalDevice, name: &str) -> Result<ComputePipeline> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !compiled.contains_key(&device.id()) {
        let library = device.metal_device().new_library_with_source(SOURCE, None).map_err(Error::wrap)?;
        compiled.insert(device.id(), Compiled { library, pipelines: HashMap::new() });
    }
    let Some(Compiled { library, pipelines }) = compiled.get_mut(&device.id()) else {
        candle_core::bail!("the attention kernels were compiled and are gone")
    };
    if let Some(pipeline) = pipelines.get(name) {
        return Ok(pipeline.clone());
    }
    let function = library.get_function(name, None).map_err(Error::wrap)?;
    let pipeline = device.metal_device().new_compute_pipeline_state_with_function(&function).map_err(Error::wrap)?;
    pipelines.insert(name.to_owned(), pipeline.clone());
    Ok(pipeline)
}

/// Passes a tensor's numbers to a kernel.
fn set_tensor(encoder: &ComputeCommandEncoder, index: usize, tensor: &Tensor) -> Result<()> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Metal(storage) = &*storage else { candle_core::bail!("a tensor that is not on the card") };
    let offset = layout.start_offset() * storage.dtype().size_in_bytes();
    encoder.set_input_buffer(index, Some(storage.buffer()), offset);
    Ok(())
}

fn size([width, height, depth]: [u32; 3]) -> MTLSize {
    MTLSize { width: width as usize, height: height as usize, depth: depth as usize }
}

fn tensor(device: &MetalDevice, buffer: Arc<Buffer>, dtype: DType, shape: impl Into<TensorShape>) -> Tensor {
    let shape = shape.into();
    let storage = MetalStorage::new(buffer, device.clone(), shape.elem_count(), dtype);
    Tensor::from_storage(Storage::Metal(storage), shape, BackpropOp::none(), false)
}
