//! `recto forward`: one forward pass on given ids and pixels, for comparing implementations.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use engine::protocol::{Command, ForwardJob, Outcome};

use crate::cli::ask::print;
use crate::cli::failure::Failure;
use crate::cli::options::ComputeArgs;
use crate::cli::progress::{REQUEST, follow};

/// Arguments of `recto forward`.
#[derive(Debug, Args)]
pub(crate) struct ForwardArgs {
    /// Safetensors with encoder_ids and decoder_ids (i64) and, optionally, pixel_values (f32, images × 3 × height × width)
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where to write the results: image_features, encoder_last_hidden_state, logits, cross_attention, greedy_ids
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Number of tokens to decode greedily from the first decoder id, without stopping early
    #[arg(long, value_name = "N")]
    greedy: Option<usize>,
    #[command(flatten)]
    compute: ComputeArgs,
}

/// Runs `recto forward`.
pub(crate) fn run(arguments: &ForwardArgs) -> Result<(), Failure> {
    let job = ForwardJob {
        input: arguments.input.clone(),
        output: arguments.output.clone(),
        compute: arguments.compute.options(),
        greedy_tokens: arguments.greedy,
    };
    let outcome = follow(Command::Forward { request: REQUEST, job }, &mut |_| ())?;
    let Outcome::Forward { output, tensors } = outcome else {
        return Err(Failure::new("the engine returned no tensors", None));
    };
    let mut text = format!("{}\n", output.display());
    for (name, shape) in tensors {
        // Writing to a string never fails.
        let _ = writeln!(text, "  {name} {shape:?}");
    }
    print(&text)
}
