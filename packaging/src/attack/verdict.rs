//! What is said of a run: the program did its work, it refused with one clear error, or something is wrong with it.

/// Most memory that a run may take: twice what reading a page of a usual report takes, with room.
pub(super) const MOST_BYTES: u64 = 1_500_000_000;
/// Most that may be said on standard error.
const MOST_SAID: usize = 64 << 10;
/// Longest line of an error or a hint.
const LONGEST_LINE: usize = 2 << 10;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Its time was up.
    TimeUp,
    /// It took so much memory that it was stopped.
    MemoryUp,
}

/// A run of the program.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// Most memory that the program and its children held at a time; 0 where it cannot be measured.
    pub(super) peak_bytes: u64,
    /// Most memory that the program held without its children.
    pub(super) own_peak_bytes: u64,
    /// Files that should not have stayed, and processes.
    pub(super) left: Vec<String>,
}

/// What is said of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It did what it was asked.
    Done,
    /// It refused, with one clear error.
    Refused,
    /// Something is wrong with it.
    Bad(String),
}

impl Ended {
    /// Judges the run by its end, its output, its memory and what it left.
    pub(super) fn verdict(&self) -> Verdict {
        match self.complaint() {
            Some(complaint) => Verdict::Bad(complaint),
            None if self.end == End::Code(0) => Verdict::Done,
            None => Verdict::Refused,
        }
    }

    fn complaint(&self) -> Option<String> {
        match self.end {
            End::Signal(signal) => return Some(format!("ended by signal {signal}")),
            End::TimeUp => return Some("did not end in time".into()),
            End::MemoryUp => return Some(format!("stopped at {} MB", self.peak_bytes / 1_000_000)),
            End::Code(_) => {}
        }
        let stderr = String::from_utf8_lossy(&self.stderr);
        if let Some(line) = stderr.lines().find(|line| line.contains("panicked at") || line.contains("RUST_BACKTRACE"))
        {
            return Some(format!("panic: {line}"));
        }
        for (name, bytes) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if let Some(what) = unprintable(bytes) {
                return Some(format!("{what} on {name}"));
            }
        }
        if self.stderr.len() > MOST_SAID {
            return Some(format!("{} KB on standard error", self.stderr.len() >> 10));
        }
        let starting = |start: &str| stderr.lines().filter(|line| line.starts_with(start)).count();
        let (errors, hints) = (starting("error"), starting("hint:"));
        match self.end {
            End::Code(0) if errors > 0 => return Some("an error, and success".into()),
            End::Code(1) if errors != 1 => return Some(format!("{errors} errors")),
            End::Code(1) if hints > 1 => return Some(format!("{hints} hints")),
            End::Code(0 | 1) => {}
            End::Code(code) => return Some(format!("exit code {code}")),
            _ => {}
        }
        if let Some(line) = stderr.lines().find(|line| line.len() > LONGEST_LINE) {
            return Some(format!("a line of {} bytes", line.len()));
        }
        if self.peak_bytes > MOST_BYTES {
            return Some(format!("took {} MB", self.peak_bytes / 1_000_000));
        }
        self.left.first().map(|left| format!("left behind: {left}"))
    }
}

/// The first thing in `bytes` that a terminal would obey rather than show.
fn unprintable(bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some("bytes that are not UTF-8".into()) };
    let is_bad = |char: &char| {
        (char.is_control() && !matches!(char, '\n' | '\t'))
            || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().find(is_bad).map(|char| format!("the control character U+{:04X}", char as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(end: End, stderr: &[u8]) -> Ended {
        Ended { end, stdout: Vec::new(), stderr: stderr.into(), peak_bytes: 0, own_peak_bytes: 0, left: Vec::new() }
    }

    #[test]
    fn runs_are_judged() {
        use End::{Code, MemoryUp, Signal, TimeUp};
        let refused: &[u8] = b"error: not a PDF\nhint: give another file\n";
        let long = [b"error: ", "a".repeat(4000).as_bytes(), b"\n"].concat();
        for (end, stderr, expected) in [
            (Code(0), &b""[..], "done"),
            (Code(0), b"warning: page 2 is blank\n", "done"),
            (Code(1), refused, "refused"),
            (Code(0), refused, "an error, and success"),
            (Code(1), b"", "0 errors"),
            (Code(1), b"error: one\nerror: two\n", "2 errors"),
            (Code(1), b"error: one\nhint: a\nhint: b\n", "2 hints"),
            (Code(2), refused, "exit code 2"),
            (Code(101), b"thread 'main' panicked at engine/src/lib.rs:1:1:\nindex\n", "panic: "),
            (Code(1), b"thread 'x' panicked at a.rs:1\nerror: one\n", "panic: "),
            (Code(1), b"error: \x1b[2J\n", "the control character U+001B on standard error"),
            (Code(1), b"error: a\rb\n", "the control character U+000D"),
            (Code(1), "error: \u{202e}\n".as_bytes(), "the control character U+202E"),
            (Code(1), "error: \u{9b}\n".as_bytes(), "the control character U+009B"),
            (Code(1), b"error: \xff\n", "bytes that are not UTF-8"),
            (Code(1), &long, "a line of 4007 bytes"),
            (Signal(6), b"", "ended by signal 6"),
            (Signal(9), refused, "ended by signal 9"),
            (TimeUp, b"", "did not end in time"),
            (MemoryUp, b"", "stopped at 0 MB"),
        ] {
            let found = match ended(end, stderr).verdict() {
                Verdict::Done => "done".to_owned(),
                Verdict::Refused => "refused".to_owned(),
                Verdict::Bad(complaint) => complaint,
            };
            assert!(found.starts_with(expected), "{end:?}, {:?}: {found}", String::from_utf8_lossy(stderr));
        }
    }

    #[test]
    fn memory_leftovers_and_output_count() {
        let sound = ended(End::Code(0), b"");
        let escape = Ended { stdout: b"a\x1b[2J".to_vec(), ..sound.clone() };
        let large = Ended { peak_bytes: MOST_BYTES + 1, ..sound.clone() };
        let left = Ended { left: vec!["data/.adding-1".into()], ..sound.clone() };
        let loud = Ended { stderr: b"warning: page\n".repeat(10_000), ..sound };
        for bad in [escape, large, left, loud] {
            assert!(matches!(bad.verdict(), Verdict::Bad(_)), "{:?}", bad.end);
        }
    }
}
