//! Attention on NVIDIA's cards: launches the kernels of `attention.cu`, which the build script compiles to PTX.
//!
//! Knows tensors and launches; what to launch is decided in [`super::gpu`].

use candle_core::cuda_backend::cudarc::driver::sys::{CUdevice_attribute, CUfunction_attribute};
use candle_core::cuda_backend::cudarc::driver::{CudaFunction, CudaView, DeviceRepr, LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::{CudaDType, CudaDevice, CudaStorage, WrapErr};
use candle_core::op::BackpropOp;
use candle_core::{DType, Result, Shape as TensorShape, Storage, StorageRef, Tensor};
use half::bf16;

use super::gpu::launch::{Card, Element, Launch, Shape, THREADS};
use super::gpu::{Inputs, Kernels, Part};

const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/attention.ptx"));
const MODULE: &str = "recto-attention";

/// Shared memory of a block without opting in to more.
const SHARED_BYTES_UNASKED: u32 = 48 << 10;

/// Threads of a warp; one warp computes one key's probabilities.
const WARP: u32 = 32;

// SAFETY: plain numbers, laid out as in C, the same fields in the same order as in attention.cu.
#[expect(unsafe_code, reason = "the kernels take it by value")]
unsafe impl DeviceRepr for Shape {}

impl Kernels for CudaDevice {
    fn card(&self) -> Result<Card> {
        let count = CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
        let processors = self.cuda_stream().context().attribute(count).w()?;
        Ok(Card::Cuda { processors: usize::try_from(processors).unwrap_or(1), tensor_cores: cfg!(tensor_cores) })
    }

    fn attention(&self, launch: &Launch, inputs: &Inputs) -> Result<(Tensor, Tensor)> {
        match inputs.queries.dtype() {
            DType::BF16 => attention_of::<bf16>(self, launch, inputs, Element::Bf16),
            _ => attention_of::<f32>(self, launch, inputs, Element::F32),
        }
    }

    fn probabilities(&self, launch: &Launch, inputs: &Inputs, logarithms: &Tensor, part: Part) -> Result<Tensor> {
        match inputs.queries.dtype() {
            DType::BF16 => probabilities_of::<bf16>(self, launch, inputs, logarithms, part, Element::Bf16),
            _ => probabilities_of::<f32>(self, launch, inputs, logarithms, part, Element::F32),
        }
    }
}

fn attention_of<T: CudaDType + DeviceRepr>(
    device: &CudaDevice,
    launch: &Launch,
    inputs: &Inputs,
    element: Element,
) -> Result<(Tensor, Tensor)> {
    let shape = launch.shape;
    let (heads, rows, width) = (shape.heads as usize, shape.rows as usize, shape.head_dim as usize);
    let (num_parts, num_logarithms) = launch.scratch();
    // SAFETY: the kernels write every number of the result and of what is read of the rest.
    #[expect(unsafe_code, reason = "memory of the card that is about to be written need not be cleared")]
    let (mut out, mut parts, mut logarithms) = unsafe {
        (
            device.alloc::<T>(rows * heads * width)?,
            device.alloc::<f32>(num_parts.max(1))?,
            device.alloc::<f32>(num_logarithms)?,
        )
    };
    let stream = device.cuda_stream();
    let function = function(device, &launch.kernel)?;
    if launch.shared_bytes > SHARED_BYTES_UNASKED {
        let most = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        function.set_attribute(most, launch.shared_bytes as i32).w()?;
    }
    let [grid_x, grid_y, grid_z] = launch.grid;
    let tensors = [&inputs.queries, &inputs.own.keys, &inputs.own.values, &inputs.cross.keys, &inputs.cross.values];
    let storages = tensors.map(|tensor| tensor.storage_and_layout().0);
    let views = [0, 1, 2, 3, 4].map(|i: usize| view::<T>(&storages[i], tensors[i]));
    let [queries, own_keys, own_values, cross_keys, cross_values] = views;
    let (queries, own_keys, own_values) = (queries?, own_keys?, own_values?);
    let (cross_keys, cross_values) = (cross_keys?, cross_values?);
    let mut arguments = stream.launch_builder(&function);
    arguments.arg(&shape).arg(&queries).arg(&own_keys).arg(&own_values).arg(&cross_keys).arg(&cross_values);
    arguments.arg(&mut out).arg(&mut parts).arg(&mut logarithms);
    let config = LaunchConfig {
        grid_dim: (grid_x, grid_y, grid_z),
        block_dim: (THREADS, 1, 1),
        shared_mem_bytes: launch.shared_bytes,
    };
    // SAFETY: arguments and sizes are those of the kernel in attention.cu; views begin where its layouts say.
    #[expect(unsafe_code, reason = "starts a kernel")]
    unsafe { arguments.launch(config) }.w()?;
    if shape.splits > 1 {
        // SAFETY: the kernel below writes all of it.
        #[expect(unsafe_code, reason = "memory of the card that is about to be written need not be cleared")]
        let mut whole = unsafe { device.alloc::<f32>(heads * rows)? };
        let combine = self::function(device, &format!("attention_combine_{}", element.name()))?;
        let mut arguments = stream.launch_builder(&combine);
        arguments.arg(&shape).arg(&parts).arg(&logarithms).arg(&mut out).arg(&mut whole);
        let config = LaunchConfig {
            grid_dim: (shape.rows as u32, shape.heads as u32, 1),
            block_dim: (THREADS, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: arguments and sizes are those of the kernel in attention.cu.
        #[expect(unsafe_code, reason = "starts a kernel")]
        unsafe { arguments.launch(config) }.w()?;
        logarithms = whole;
    }
    let out = tensor(CudaStorage::wrap_cuda_slice(out, device.clone()), (rows, heads * width));
    Ok((out, tensor(CudaStorage::wrap_cuda_slice(logarithms, device.clone()), (heads, rows))))
}

fn probabilities_of<T: CudaDType + DeviceRepr>(
    device: &CudaDevice,
    launch: &Launch,
    inputs: &Inputs,
    logarithms: &Tensor,
    part: Part,
    element: Element,
) -> Result<Tensor> {
    let rows = launch.shape.rows as usize;
    let keys = if part.own { &inputs.own.keys } else { &inputs.cross.keys };
    // SAFETY: the kernel below writes all of it.
    #[expect(unsafe_code, reason = "memory of the card that is about to be written need not be cleared")]
    let mut out = unsafe { device.alloc::<f32>(rows * part.count)? };
    let stream = device.cuda_stream();
    let function = function(device, &format!("attention_probabilities_{}", element.name()))?;
    let (query_storage, key_storage) = (inputs.queries.storage_and_layout().0, keys.storage_and_layout().0);
    let logarithm_storage = logarithms.storage_and_layout().0;
    let (queries, keys) = (view::<T>(&query_storage, &inputs.queries)?, view::<T>(&key_storage, keys)?);
    let logarithms = view::<f32>(&logarithm_storage, logarithms)?;
    let (own, first, count) = (i32::from(part.own), part.first as i32, part.count as i32);
    let mut arguments = stream.launch_builder(&function);
    arguments.arg(&launch.shape).arg(&queries).arg(&keys).arg(&logarithms);
    arguments.arg(&own).arg(&first).arg(&count).arg(&mut out);
    let config = LaunchConfig {
        grid_dim: ((part.count as u32).div_ceil(THREADS / WARP), launch.shape.rows as u32, 1),
        block_dim: (THREADS, 1, 1),
        shared_mem_bytes: 0,
    };
    // SAFETY: arguments and sizes are those of the kernel in attention.cu.
    #[expect(unsafe_code, reason = "starts a kernel")]
    unsafe { arguments.launch(config) }.w()?;
    Ok(tensor(CudaStorage::wrap_cuda_slice(out, device.clone()), (rows, part.count)))
}

fn function(device: &CudaDevice, name: &str) -> Result<CudaFunction> {
    Ok(device.get_or_load_custom_func(name, MODULE, PTX)?.into_cuda_function())
}

/// A tensor's numbers on the card, from its first one on.
fn view<'a, T: CudaDType>(storage: &'a StorageRef<'_>, tensor: &Tensor) -> Result<CudaView<'a, T>> {
    let Storage::Cuda(storage) = &**storage else { candle_core::bail!("a tensor that is not on the card") };
    Ok(storage.as_cuda_slice::<T>()?.slice(tensor.layout().start_offset()..))
}

fn tensor(storage: CudaStorage, shape: impl Into<TensorShape>) -> Tensor {
    Tensor::from_storage(Storage::Cuda(storage), shape, BackpropOp::none(), false)
}
