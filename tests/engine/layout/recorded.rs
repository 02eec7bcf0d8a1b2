//! Pages of public reports as PDFium tells them, with the lines that a reader sees on them.
//!
//! A page is kept as runs of characters on one baseline (see [`Run`]); `tests/fixtures/layout/README.md` says where
//! each comes from. The expected lines were read against the rendered page.

use engine::document::geometry::Rect;
use engine::document::layout::layout_page;
use engine::document::raw::{RawChar, RawFont, RawObject, RawObjectKind, RawPage};
use serde::Deserialize;

use super::build::listed;

#[derive(Deserialize)]
struct Recorded {
    width: f32,
    height: f32,
    /// Name and weight.
    fonts: Vec<(String, u16)>,
    runs: Vec<Run>,
    /// Upright rulings.
    rules: Vec<(f32, f32, f32, f32)>,
}

/// Characters of one font, size and baseline. `along` holds start and end of each on the axis it runs along (y where
/// the angle is 90 or 270), `across` the box on the other axis and the baseline.
#[derive(Deserialize)]
struct Run {
    font: u16,
    size: f32,
    angle: f32,
    across: (f32, f32, f32),
    text: String,
    along: Vec<(f32, f32)>,
    /// Put in by PDFium.
    guessed: bool,
}

fn page(json: &str) -> serde_json::Result<RawPage> {
    let recorded: Recorded = serde_json::from_str(json)?;
    let chars = recorded.runs.iter().flat_map(|run| {
        let sideways = run.angle == 90.0 || run.angle == 270.0;
        run.text.chars().zip(&run.along).map(move |(unicode, &(from, to))| {
            let (low, high, base) = run.across;
            let loose = if sideways { Rect::new(low, from, high, to) } else { Rect::new(from, low, to, high) };
            let start = if run.angle == 180.0 || run.angle == 270.0 { to } else { from };
            RawChar {
                unicode,
                loose,
                tight: loose,
                origin_x: if sideways { base } else { start },
                origin_y: if sideways { start } else { base },
                angle_deg: run.angle,
                font_size_pt: run.size,
                font: run.font,
                generated: run.guessed,
                hyphen: false,
                invisible: false,
            }
        })
    });
    let path = RawObjectKind::Path {
        stroked: true,
        filled: false,
        fill_rgba: [0; 4],
        stroke_rgba: [0, 0, 0, 255],
        segments: 2,
        curved: false,
    };
    let rule = |&(left, top, right, bottom): &(f32, f32, f32, f32)| RawObject {
        kind: path,
        bbox: Rect { left, top, right, bottom },
        form: 0,
    };
    Ok(RawPage {
        width_pt: recorded.width,
        height_pt: recorded.height,
        chars: chars.collect(),
        fonts: recorded
            .fonts
            .iter()
            .map(|(name, weight)| RawFont { name: name.clone(), weight: *weight, italic: false })
            .collect(),
        objects: recorded.rules.iter().map(rule).collect(),
        ..RawPage::default()
    })
}

#[test]
fn recorded_pages_read_as_a_reader_reads_them() {
    let folder = recto_tests::fixture("layout");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    names.sort();
    assert!(names.len() == 6, "the recorded pages are missing");
    for path in names {
        let raw = page(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let layout = layout_page(&raw);
        recto_tests::layout_check::check(&raw, &layout).unwrap();
        let read: Vec<String> = layout.lines.iter().map(listed).collect();
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        for (i, (read, expected)) in read.iter().zip(&expected).enumerate() {
            assert_eq!(read, expected, "{}, line {}", path.display(), i + 1);
        }
        assert_eq!(read.len(), expected.len(), "{}", path.display());
    }
}
