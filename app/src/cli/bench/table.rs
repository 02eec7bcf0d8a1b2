//! Figures as a person reads them: what was measured on what, and a row for each piece of work.

use engine::worker::bench::{Loaded, Machine, Spread, Summary, Work};

/// What was loaded where, and the names of the columns.
pub(super) fn head(loaded: &Loaded, machine: &Machine) -> String {
    let chance = if loaded.random_weights { ", weights of chance" } else { "" };
    let cpu = machine.cpu.as_deref().unwrap_or(&machine.arch);
    let held = machine.held_to.as_deref().map(|held| format!(", held to {held}")).unwrap_or_default();
    format!(
        "{}{chance}, {}, layers: {} encoder, {} decoder, {} vision; loaded in {:.1} s\n{cpu}, {} threads, {}{held}\n\n\
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
        "least",
        "most",
    )
}

/// A piece of work: tokens a second, or seconds for a figure, with what the encoding takes.
pub(super) fn row(work: Work, summary: &Summary) -> String {
    let name = match work {
        Work::Encode { tokens } => format!("encode {} tokens", grouped(tokens)),
        Work::Figure => "look at a figure".into(),
        Work::Remember { tokens } => format!("make {} encoded tokens ready", grouped(tokens)),
        Work::Decode { encoded, .. } => format!("answer over {} encoded tokens", grouped(encoded)),
        Work::Prompt { tokens } => format!("read a prompt of {} tokens", grouped(tokens)),
        Work::Generate { tokens } => format!("write {} tokens", grouped(tokens)),
    };
    let (Spread { median, min, max }, unit) = match summary.tokens_per_sec {
        Some(speed) => (speed, "tokens/s"),
        None => (summary.secs, "s"),
    };
    let mut row = format!("{name:<40} {median:>12.2} {min:>12.2} {max:>12.2}  {unit}");
    if let (Some(kind), Some(bytes)) = (summary.memory, summary.memory_bytes) {
        row.push_str(&format!(", {} held as {kind}", size(bytes)));
    }
    row.push('\n');
    row
}

/// The most memory there was.
pub(super) fn foot(peak_bytes: Option<u64>) -> String {
    peak_bytes.map(|bytes| format!("\nat most {} of memory\n", size(bytes))).unwrap_or_default()
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

fn size(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 1000.0 { format!("{megabytes:.1} MB") } else { format!("{:.2} GB", megabytes / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_easy_to_read() {
        assert_eq!([7, 512, 1024, 61_440, 1_048_576].map(grouped), ["7", "512", "1,024", "61,440", "1,048,576"]);
        assert_eq!([1_500_000, 2_340_000_000].map(size), ["1.5 MB", "2.34 GB"]);
    }
}
