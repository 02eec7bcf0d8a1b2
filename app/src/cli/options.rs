//! Options shared by `ask` and `read`, and their conversion to engine options.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::protocol::{ComputeOptions, DeviceChoice, MemoryChoice, ReadingOptions, Source, WeightType};

use crate::cli::failure::Failure;
use crate::page_ranges;

/// Which parts of the documents are read.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// Pages to read, counted from 1: 3-8,12
    #[arg(long, value_name = "PAGES", value_parser = parse_pages)]
    pages: Option<PageRanges>,
    /// Read the text only and skip figures
    #[arg(long)]
    no_figures: bool,
    /// File whose first line is the password of an encrypted PDF
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Maximum tokens per encoded window [default: 16384]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(512..=131_072))]
    window: Option<u32>,
}

/// Which model to run, and how.
#[derive(Debug, Args)]
pub(crate) struct ComputeArgs {
    /// Name or folder of an installed model [default: the best one installed]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Device to run on
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    /// Weight type [default: int8 on the CPU, bf16 elsewhere]
    #[arg(long, value_enum)]
    dtype: Option<Dtype>,
    /// Form of the encoder memory during answering
    #[arg(long, value_enum, default_value_t = MemoryArg::Auto)]
    memory: MemoryArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Device {
    Cpu,
    Cuda,
    Metal,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dtype {
    F32,
    Bf16,
    /// 8-bit integers with block scales, CPU only
    Int8,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MemoryArg {
    Auto,
    /// Keys and values of every layer
    Kv,
    /// One memory shared by all layers
    Shared,
}

/// Inclusive page ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRanges(Vec<(u32, u32)>);

/// Parses `3-8,12`.
fn parse_pages(text: &str) -> Result<PageRanges, String> {
    page_ranges::parse(text).map(PageRanges)
}

impl ReadingArgs {
    /// Converts to engine options.
    pub(crate) fn options(&self) -> ReadingOptions {
        ReadingOptions {
            pages: self.pages.as_ref().map(|ranges| ranges.0.clone()),
            without_figures: self.no_figures,
            left_out: Vec::new(),
            window_tokens: self.window.map(|tokens| tokens as usize),
        }
    }

    /// The files as engine sources, with the password.
    ///
    /// # Errors
    /// Fails if the password file cannot be read.
    pub(crate) fn sources(&self, files: &[PathBuf]) -> Result<Vec<Source>, Failure> {
        let password = match &self.password_file {
            Some(path) => {
                let text = engine::regular_file::read_to_string(path, 1 << 20).map_err(|error| {
                    Failure::new(
                        format!("the password file cannot be read: {error}: {}", path.display()),
                        Some("give a text file with the password on its first line".into()),
                    )
                })?;
                Some(text.lines().next().unwrap_or_default().to_owned())
            }
            None => None,
        };
        Ok(files.iter().map(|path| Source { path: path.clone(), password: password.clone() }).collect())
    }
}

impl ComputeArgs {
    /// Converts to engine options.
    pub(crate) fn options(&self) -> ComputeOptions {
        ComputeOptions {
            model: self.model.clone(),
            device: match self.device {
                Device::Cpu => DeviceChoice::Cpu,
                Device::Cuda => DeviceChoice::Cuda,
                Device::Metal => DeviceChoice::Metal,
            },
            dtype: self.dtype.map(|dtype| match dtype {
                Dtype::F32 => WeightType::F32,
                Dtype::Bf16 => WeightType::Bf16,
                Dtype::Int8 => WeightType::Int8,
            }),
            memory: match self.memory {
                MemoryArg::Auto => MemoryChoice::Auto,
                MemoryArg::Kv => MemoryChoice::KeysValues,
                MemoryArg::Shared => MemoryChoice::Shared,
            },
        }
    }
}
