//! The device that computes: opened, or refused with the reason and what to do.

use candle_core::Device;

use super::Error;
use crate::diagnostic::Hint;
use crate::protocol::{DeviceChoice, ErrorReport, WeightType};

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The program was built without it.
    #[error("this build of Recto cannot compute with {}", name(*.0))]
    NotBuilt(DeviceChoice),
    /// The machine has none, or its driver refuses.
    #[error("no {} device can be used: {detail}", name(*.device))]
    NotFound {
        /// What was asked for.
        device: DeviceChoice,
        /// What the tensor library said.
        detail: String,
    },
    /// Products of bytes are the CPU's.
    #[error("int8 runs on the CPU alone")]
    NoInt8,
}

impl Hint for DeviceError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotBuilt(DeviceChoice::Cuda) => {
                "use --device cpu, or build Recto with `--features cuda` (it needs NVIDIA's compiler, nvcc)".into()
            }
            Self::NotBuilt(_) => "use --device cpu, or build Recto on a Mac with `--features metal`".into(),
            Self::NotFound { device: DeviceChoice::Cuda, .. } => {
                "check with `nvidia-smi` that the card and its driver are there, or use --device cpu".into()
            }
            Self::NotFound { .. } => "use --device cpu".into(),
            Self::NoInt8 => "leave --dtype out, or use --device cpu".into(),
        })
    }
}

/// What people call it.
fn name(choice: DeviceChoice) -> &'static str {
    match choice {
        DeviceChoice::Cpu => "the CPU",
        DeviceChoice::Cuda => "CUDA",
        DeviceChoice::Metal => "Metal",
    }
}

/// Why a kind of device cannot be computed with here, where it cannot.
///
/// # Errors
/// Returns the reason, and what to do.
pub fn check_device(choice: DeviceChoice) -> Result<(), ErrorReport> {
    open(choice).map(|_| ()).map_err(|error| ErrorReport { message: error.to_string(), hint: error.hint() })
}

/// Opens the first device of the kind that was chosen.
pub(super) fn open(choice: DeviceChoice) -> Result<Device, Error> {
    let (is_built, open): (bool, fn(usize) -> candle_core::Result<Device>) = match choice {
        DeviceChoice::Cpu => return Ok(Device::Cpu),
        DeviceChoice::Cuda => (cfg!(feature = "cuda"), Device::new_cuda),
        DeviceChoice::Metal => (cfg!(feature = "metal"), Device::new_metal),
    };
    if !is_built {
        return Err(DeviceError::NotBuilt(choice).into());
    }
    let not_found = |error: candle_core::Error| DeviceError::NotFound { device: choice, detail: error.to_string() };
    Ok(open(0).map_err(not_found)?)
}

/// How weights are held: as asked for, else as suits the device; bytes on the CPU, on a card bf16 if its kernels know it.
pub(super) fn weight_type(device: &Device, asked: Option<WeightType>) -> Result<WeightType, Error> {
    match (device, asked) {
        (Device::Cpu, None) => Ok(WeightType::Int8),
        (Device::Cpu, Some(asked)) => Ok(asked),
        (_, Some(WeightType::Int8)) => Err(DeviceError::NoInt8.into()),
        (_, Some(asked)) => Ok(asked),
        (Device::Cuda(_), None) if !cfg!(tensor_cores) => Ok(WeightType::F32),
        (_, None) => Ok(WeightType::Bf16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build for the CPU says so, whatever the machine has.
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_device_that_was_not_built_in_is_refused_with_what_to_do() {
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
    fn the_cpu_takes_any_type_and_bytes_by_itself() {
        assert_eq!(weight_type(&Device::Cpu, None).unwrap(), WeightType::Int8);
        for asked in [WeightType::F32, WeightType::Bf16, WeightType::Int8] {
            assert_eq!(weight_type(&Device::Cpu, Some(asked)).unwrap(), asked);
        }
    }
}
