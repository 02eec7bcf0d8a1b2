//! A fuzz target for layout that needs no other toolchain: bytes become a page, the page is laid out, and what must
//! hold of every page is checked.
//!
//! ```text
//! cargo run -p recto-tests --bin fuzz-layout -- SECONDS [SEED]     changes pages at random
//! cargo run -p recto-tests --bin fuzz-layout -- FILE…              one input per file, as AFL and its like give them
//! ```
//!
//! Inputs are pages in postcard's format. What fails is written beside the target as `fuzz-layout-SEED.bin`.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use engine::document::geometry::Rect;
use engine::document::layout::layout_page;
use engine::document::raw::{RawChar, RawPage};
use recto_tests::layout_check;

/// One input: what is no page is passed over.
fn target(bytes: &[u8]) -> Result<bool, String> {
    let Ok(raw) = postcard::from_bytes::<RawPage>(bytes) else { return Ok(false) };
    let start = Instant::now();
    let layout = layout_page(&raw);
    if start.elapsed() > Duration::from_secs(10) {
        return Err(format!("{} characters took {:?}", raw.chars.len(), start.elapsed()));
    }
    layout_check::check(&raw, &layout).map(|()| true)
}

/// A small generator of numbers (xorshift64*, Vigna 2016), so that a seed gives the same run everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }

    fn number(&mut self) -> f32 {
        const STRANGE: [f32; 8] =
            [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0, 1e30, -1e30, f32::MIN_POSITIVE];
        match self.below(20) {
            0 => STRANGE[self.below(STRANGE.len())],
            1 => self.below(1_000_000) as f32 - 500_000.0,
            _ => self.below(6_120) as f32 / 10.0,
        }
    }

    fn char(&mut self) -> char {
        const SIGNS: &str = "aeinst ABC 0123456789 .,-$()%…· \u{ad}\u{2}\u{fb01}\u{301}אבجد٣日本語々、\u{fffd}\r\n";
        SIGNS.chars().nth(self.below(SIGNS.chars().count())).unwrap_or('x')
    }

    /// A line of a page: runs of characters, mostly as text is set, now and then not.
    fn line(&mut self, page: &mut RawPage) {
        let (mut x, y) = (self.number(), self.number());
        let em = [5.0, 8.0, 10.0, 24.0, self.number()][self.below(5)];
        let angle_deg = [0.0, 0.0, 0.0, 90.0, 180.0, 270.0, 33.0][self.below(7)];
        for _ in 0..self.below(60) {
            let wide = em * (0.3 + self.below(10) as f32 / 10.0);
            let (x0, y0) = if self.below(40) == 0 { (self.number(), self.number()) } else { (x, y) };
            let loose = Rect { left: x0, top: y0 - em, right: x0 + wide * 0.9, bottom: y0 + 0.2 * em };
            page.chars.push(RawChar {
                unicode: self.char(),
                loose,
                tight: loose,
                origin_x: x0,
                origin_y: y0,
                angle_deg,
                font_size_pt: em,
                font: self.below(3) as u16,
                generated: self.below(9) == 0,
                hyphen: self.below(30) == 0,
                invisible: self.below(30) == 0,
            });
            x += wide;
        }
    }

    fn page(&mut self) -> RawPage {
        let mut page = RawPage { width_pt: 612.0, height_pt: 792.0, ..RawPage::default() };
        if self.below(20) == 0 {
            (page.width_pt, page.height_pt) = (self.number(), self.number());
        }
        for _ in 0..self.below(60) {
            self.line(&mut page);
        }
        page
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = postcard::to_stdvec(&self.page()).unwrap_or_default();
        for _ in 0..self.below(8) {
            let at = self.below(bytes.len());
            if let Some(b) = bytes.get_mut(at) {
                *b = self.below(256) as u8;
            }
        }
        bytes
    }
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let seconds = args.first().map_or(Some(10), |a| a.parse::<u64>().ok());
    let Some(seconds) = seconds else {
        let failures = args.iter().filter(|path| match std::fs::read(path) {
            Ok(bytes) => target(&bytes).inspect_err(|why| drop(writeln!(out, "{path}: {why}"))).is_err(),
            Err(error) => writeln!(out, "{path}: {error}").is_ok(),
        });
        return ExitCode::from(u8::from(failures.count() > 0));
    };
    let seed: u64 = args.get(1).and_then(|a| a.parse().ok()).unwrap_or(1);
    let (start, mut runs, mut pages) = (Instant::now(), 0_u64, 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        let case = seed.wrapping_add(runs);
        let bytes = Random(case.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1).bytes();
        runs += 1;
        match std::panic::catch_unwind(|| target(&bytes)) {
            Ok(Ok(page)) => pages += u64::from(page),
            failed => {
                let why = failed.map_or_else(|_| "panicked".to_owned(), |r| r.err().unwrap_or_default());
                let path = format!("fuzz-layout-{case}.bin");
                let kept = save(&path, &bytes).map_or_else(|e| e.to_string(), |()| path);
                drop(writeln!(out, "seed {case}: {why} ({kept})"));
                return ExitCode::FAILURE;
            }
        }
    }
    drop(writeln!(out, "{runs} inputs, {pages} of them pages, none failed"));
    ExitCode::SUCCESS
}

fn save(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(path)?.write_all(bytes)
}
