//! Measurements as a table: a heading with the model and the machine, and a row per task.

use std::fmt::Write as _;

use engine::worker::bench::{Loaded, Machine, Spread, Summary, Work};

/// The model, the machine and the column headings.
pub(super) fn head(loaded: &Loaded, machine: &Machine) -> String {
    let random = if loaded.random_weights { ", random weights" } else { "" };
    let cpu = machine.cpu.as_deref().unwrap_or(&machine.arch);
    let held = machine.held_to.as_deref().map(|held| format!(", limited to {held}")).unwrap_or_default();
    format!(
        "{}{random}, {}, layers: {} encoder, {} decoder, {} vision; loaded in {:.1} s\n{cpu}, {} threads, {}{held}\n\n\
         {:<40} {:>12} {:>12} {:>12}\n",
        loaded.name,
        loaded.dtype,
        loaded.encoder_layers,
        loaded.decoder_layers,
        loaded.vision_layers,
        loaded.load_secs,
        machine.threads,
        machine.features.join(" "),
        "",
        "median",
        "min",
        "max",
    )
}

/// One task: tokens per second, or seconds per figure, with the memory used.
pub(super) fn row(work: Work, summary: &Summary) -> String {
    let name = match work {
        Work::Encode { tokens } => format!("encode {} tokens", grouped(tokens)),
        Work::Figure => "encode a figure".into(),
        Work::Remember { tokens } => format!("prepare {} encoded tokens", grouped(tokens)),
        Work::Decode { encoded, .. } => format!("answer over {} encoded tokens", grouped(encoded)),
        Work::Prompt { tokens } => format!("read a prompt of {} tokens", grouped(tokens)),
        Work::Generate { tokens } => format!("generate {} tokens", grouped(tokens)),
    };
    let (Spread { median, min, max }, unit) = match summary.tokens_per_sec {
        Some(speed) => (speed, "tokens/s"),
        None => (summary.secs, "s"),
    };
    let [median, min, max] = [median, min, max].map(three_digits);
    let mut row = format!("{name:<40} {median:>12} {min:>12} {max:>12}  {unit}");
    if let (Some(kind), Some(bytes)) = (summary.memory, summary.memory_bytes) {
        // Writing to a string never fails.
        let _ = write!(row, ", {} as {kind}", size(bytes));
    }
    row.push('\n');
    row
}

/// Peak memory use.
pub(super) fn foot(peak_bytes: Option<u64>) -> String {
    peak_bytes.map(|bytes| format!("\npeak memory: {}\n", size(bytes))).unwrap_or_default()
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size in bytes, with a suitable unit.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        ..1e6 => format!("{:.1} kB", bytes / 1e3),
        ..1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.2} GB", bytes / 1e9),
    }
}

/// A number with at least three significant digits.
fn three_digits(figure: f64) -> String {
    let places = match figure.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.01.. => 4,
        _ => 6,
    };
    format!("{figure:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_easy_to_read() {
        assert_eq!([7, 512, 1024, 61_440, 1_048_576].map(grouped), ["7", "512", "1,024", "61,440", "1,048,576"]);
        assert_eq!([15_360, 1_500_000, 2_340_000_000].map(size), ["15.4 kB", "1.5 MB", "2.34 GB"]);
        let figures = [1234.4, 56.78, 3.456, 0.123_456, 0.000_123];
        assert_eq!(figures.map(three_digits), ["1234", "56.8", "3.46", "0.1235", "0.000123"]);
    }
}
