//! The packaged program on emulated older processors: one with x86-64-v2 only, and one with AVX2 and no more.
//!
//! The emulator kills a program at the first instruction its processor lacks. It emulates a single process, so PDFium,
//! which the program runs in another, is loaded and tested by a script.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{output, repository, run};
use crate::{machine, pdfium, say};

/// Processors by the emulator's names, with their instruction sets.
const CPUS: &[(&str, &str)] = &[("Nehalem", "x86-64-v2"), ("Haswell", "AVX2")];

/// A checkpoint with known outputs.
const MODEL: &str = "tests/fixtures/model/text";

/// Largest difference from the reference, relative to the largest number: for exact weights, and for int8 weights,
/// which are coarse in layers as narrow as these.
const TOLERANCES: &[(&str, f32)] = &[("f32", 1e-4), ("int8", 0.25)];

/// Loads PDFium, and prints a file's number of pages and whether the first renders in more than one colour.
const DRAW: &str = "
import ctypes, sys
p = ctypes.CDLL(sys.argv[1])
for name in ('FPDF_LoadDocument', 'FPDF_LoadPage', 'FPDFBitmap_Create', 'FPDFBitmap_GetBuffer'):
    getattr(p, name).restype = ctypes.c_void_p
p.FPDF_InitLibrary()
document = ctypes.c_void_p(p.FPDF_LoadDocument(sys.argv[2].encode(), None))
page = ctypes.c_void_p(p.FPDF_LoadPage(document, 0))
bitmap = ctypes.c_void_p(p.FPDFBitmap_Create(306, 396, 0))
p.FPDFBitmap_FillRect(bitmap, 0, 0, 306, 396, 0xFFFFFFFF)
p.FPDF_RenderPageBitmap(bitmap, page, 0, 0, 306, 396, 0, 0)
pixels = ctypes.string_at(p.FPDFBitmap_GetBuffer(bitmap), 306 * 396 * 4)
print(p.FPDF_GetPageCount(document), len(set(pixels)) > 8)
";

/// Runs program and library on each processor.
///
/// # Errors
/// Names the processor on which something crashes or differs.
pub(super) fn check(program: &Path, scratch: &Path) -> Result<()> {
    if !cfg!(target_arch = "x86_64") {
        say::line(format_args!("for this processor, `cargo xtask check-neon` checks older models"));
        return Ok(());
    }
    machine::need_tools(&[("qemu-x86_64", "qemu-user"), ("python3", "python3")])?;
    let pdfium = pdfium::fetch_for("linux-x86_64-gnu")?;
    let model = repository().join(MODEL);
    let expected = tensor(&model.join("reference.safetensors"), "logits")?;
    let most = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    for (cpu, known) in CPUS {
        let emulated = || {
            let mut command = Command::new("qemu-x86_64");
            command.args(["-cpu", cpu]).env_remove("RECTO_CPU").env("RECTO_HOME", scratch.join("baseline"));
            command
        };
        let version = output(emulated().arg(program).arg("--version"))?;
        ensure!(version.contains(env!("CARGO_PKG_VERSION")), "on {cpu}: {version}");
        let mut plan = emulated();
        plan.arg(program)
            .args(["read", "--plan"])
            .arg(repository().join("tests/fixtures/pdf/treasury_bulletin_2018_03.pdf"));
        let plan = output(&mut plan).with_context(|| format!("on {cpu}"))?;
        ensure!(plan.contains(" pages, "), "on {cpu}: {plan}");
        let mut differences = Vec::new();
        for (dtype, tolerance) in TOLERANCES {
            let made = scratch.join(format!("{cpu}-{dtype}.safetensors"));
            let mut forward = emulated();
            forward.arg(program).args(["forward", "--dtype", dtype, "--greedy", "4", "--model"]).arg(&model);
            forward.arg("--input").arg(model.join("reference.safetensors")).arg("--output").arg(&made);
            run(forward.stdout(std::process::Stdio::null())).with_context(|| format!("on {cpu}"))?;
            let found = tensor(&made, "logits")?;
            ensure!(found.len() == expected.len(), "on {cpu}: {} logits, not {}", found.len(), expected.len());
            let largest = found.iter().zip(&expected).fold(0.0_f32, |most, (one, other)| most.max((one - other).abs()));
            ensure!(largest <= tolerance * most, "on {cpu} with {dtype}: logits differ by {largest} of {most}");
            differences.push(format!("{dtype} {:.5}", largest / most));
        }
        let python = output(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]))?;
        let mut draw = emulated();
        draw.arg(python.trim()).args(["-c", DRAW]).arg(pdfium.folder.join(&pdfium.library));
        let drawn = output(draw.arg(crate::program::sample())).with_context(|| format!("PDFium on {cpu}"))?;
        ensure!(drawn.trim().ends_with("True") && !drawn.starts_with('0'), "PDFium on {cpu}: {drawn}");
        say::result(format_args!(
            "{cpu} ({known}): starts, reads, draws pages, and computes as the reference to {}",
            differences.join(", ")
        ));
    }
    Ok(())
}

/// Reads an f32 tensor from a safetensors file.
fn tensor(path: &Path, name: &str) -> Result<Vec<f32>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let parse = || {
        let length = usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
        let header: Value = serde_json::from_slice(bytes.get(8..8 + length)?).ok()?;
        let offset = |at: usize| Some(8 + length + usize::try_from(header[name]["data_offsets"][at].as_u64()?).ok()?);
        let data = bytes.get(offset(0)?..offset(1)?)?;
        Some(data.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect())
    };
    parse().with_context(|| format!("{} has no {name}", path.display()))
}
