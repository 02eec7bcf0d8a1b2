//! Opens the compute device, or says why it is unavailable and what to do.

use candle_core::Device;

use crate::diagnostic::Hint;
use crate::protocol::{DeviceChoice, ErrorReport, WeightType};

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// This build does not support it.
    #[error("this build of Recto does not support {}", name(*.0))]
    NotBuilt(DeviceChoice),
    /// There is no such device, or its driver reports an error.
    #[error("no {} device is available: {detail}", name(*.device))]
    NotFound {
        /// The requested device.
        device: DeviceChoice,
        /// The tensor library's error.
        detail: String,
    },
    /// int8 products exist only on the CPU.
    #[error("int8 runs only on the CPU")]
    NoInt8,
}

impl Hint for DeviceError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotBuilt(DeviceChoice::Cuda) => {
                "use --device cpu, or build Recto with `--features cuda` (requires NVIDIA's compiler, nvcc)".into()
            }
            Self::NotBuilt(_) => "use --device cpu, or build Recto on a Mac with `--features metal`".into(),
            Self::NotFound { device: DeviceChoice::Cuda, .. } => {
                "check that `nvidia-smi` lists the card, or use --device cpu".into()
            }
            Self::NotFound { .. } => "use --device cpu".into(),
            Self::NoInt8 => "omit --dtype, or use --device cpu".into(),
        })
    }
}

/// The device's display name.
fn name(choice: DeviceChoice) -> &'static str {
    match choice {
        DeviceChoice::Cpu => "the CPU",
        DeviceChoice::Cuda => "CUDA",
        DeviceChoice::Metal => "Metal",
    }
}

/// Checks that a kind of device can be used on this machine.
///
/// # Errors
/// Returns why it cannot, and what to do.
pub fn check_device(choice: DeviceChoice) -> Result<(), ErrorReport> {
    open(choice).map(|_| ()).map_err(|error| ErrorReport::of(&error))
}

/// Opens the first device of this kind.
pub(super) fn open(choice: DeviceChoice) -> Result<Device, DeviceError> {
    let (is_built, open): (bool, fn(usize) -> candle_core::Result<Device>) = match choice {
        DeviceChoice::Cpu => return Ok(Device::Cpu),
        DeviceChoice::Cuda => (cfg!(feature = "cuda"), Device::new_cuda),
        DeviceChoice::Metal => (cfg!(feature = "metal"), Device::new_metal),
    };
    if !is_built {
        return Err(DeviceError::NotBuilt(choice));
    }
    open(0).map_err(|error| DeviceError::NotFound { device: choice, detail: error.to_string() })
}

/// The type of the weights: as requested, or the device's default, which is int8 on the CPU, and on a card bf16 if its
/// kernels support it, else f32.
pub(super) fn weight_type(device: &Device, requested: Option<WeightType>) -> Result<WeightType, DeviceError> {
    match (device, requested) {
        (Device::Cpu, None) => Ok(WeightType::Int8),
        (Device::Cpu, Some(requested)) => Ok(requested),
        (_, Some(WeightType::Int8)) => Err(DeviceError::NoInt8),
        (_, Some(requested)) => Ok(requested),
        (Device::Cuda(_), None) if !cfg!(tensor_cores) => Ok(WeightType::F32),
        (_, None) => Ok(WeightType::Bf16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds for a CPU-only build, whatever hardware the machine has.
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn an_unsupported_device_is_refused_with_a_hint() {
        for (choice, named, feature) in
            [(DeviceChoice::Cuda, "CUDA", "--features cuda"), (DeviceChoice::Metal, "Metal", "--features metal")]
        {
            let error = open(choice).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
            let hint = error.hint().unwrap();
            assert!(hint.contains(feature) && hint.contains("--device cpu"), "{hint}");
        }
        assert!(open(DeviceChoice::Cpu).unwrap().is_cpu());
    }

    #[test]
    fn the_cpu_supports_any_type_and_defaults_to_int8() {
        assert_eq!(weight_type(&Device::Cpu, None).unwrap(), WeightType::Int8);
        for requested in [WeightType::F32, WeightType::Bf16, WeightType::Int8] {
            assert_eq!(weight_type(&Device::Cpu, Some(requested)).unwrap(), requested);
        }
    }
}
