//! Figures found on labelled pages of real reports, and on arbitrary pages.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::document::figures::{find_figures, tiles};
use engine::document::geometry::Rect;
use engine::document::layout::layout_page;
use engine::document::page::{Figure, FigureKind, Line, LineRole};
use engine::document::pages::{Limits, PagesOptions, PagesProcess, find_library};
use engine::document::raw::{RawObject, RawObjectKind, RawPage};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct LabelledPage {
    document: String,
    page: u32,
    figures: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    r#box: [f32; 4],
    kind: String,
    caption: Option<String>,
}

/// What was counted over some pages.
#[derive(Debug, Default)]
struct Score {
    pages: usize,
    known: usize,
    found: usize,
    false_ones: usize,
    captions: usize,
    captions_right: usize,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

fn pdf_of(document: &str) -> PathBuf {
    let fixture = repository().join(format!("tests/fixtures/pdf/{document}.pdf"));
    if fixture.exists() { fixture } else { repository().join(format!("assets/sample/{document}.pdf")) }
}

fn open(document: &str, never: &CancelToken) -> PagesProcess {
    let options = PagesOptions {
        program: vec![env!("CARGO_BIN_EXE_recto-under-test").into(), "pages".into()],
        pdfium: find_library().expect("PDFium is needed: run cargo xtask pdfium, or set RECTO_PDFIUM"),
        limits: Limits::default(),
    };
    PagesProcess::open(options, &pdf_of(document), None, never).expect("opened")
}

/// Letters and digits alone: blanks and dashes differ between text layers.
fn normalised(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Counts one page and tells what went wrong on it.
fn count(score: &mut Score, kinds: &mut BTreeMap<String, (usize, usize)>, page: &LabelledPage, figures: &[Figure]) {
    let mut free: Vec<&Figure> = figures.iter().collect();
    score.pages += 1;
    for label in &page.figures {
        let [left, top, right, bottom] = label.r#box;
        let place = Rect::new(left, top, right, bottom);
        let shared = |figure: &Figure| figure.bbox.intersection_over_union(&place);
        let hit = (0..free.len())
            .filter(|&i| shared(free[i]) >= 0.5)
            .max_by(|&a, &b| shared(free[a]).total_cmp(&shared(free[b])));
        let figure = hit.map(|index| free.swap_remove(index));
        let kind = kinds.entry(label.kind.clone()).or_default();
        kind.1 += 1;
        score.known += 1;
        if figure.is_some() {
            kind.0 += 1;
            score.found += 1;
        } else {
            println!("{} page {}: missed {:?}", page.document, page.page, label.r#box);
        }
        if let Some(begin) = &label.caption {
            let text = figure.and_then(|figure| figure.caption.as_ref()).map(|caption| normalised(&caption.text));
            score.captions += 1;
            if text.as_ref().is_some_and(|text| text.contains(&normalised(begin))) {
                score.captions_right += 1;
            } else {
                println!("{} page {}: caption {begin:?}, found {text:?}", page.document, page.page);
            }
        }
    }
    for figure in free {
        score.false_ones += 1;
        println!("{} page {}: false {:?} {:?}", page.document, page.page, figure.kind, figure.bbox);
    }
}

#[test]
fn figures_of_labelled_pages_are_found() {
    let labels = include_str!("../fixtures/figures/labels.json");
    let pages: Vec<LabelledPage> = serde_json::from_str(labels).expect("labels");
    let never = CancelToken::default();
    let mut open_documents: HashMap<String, PagesProcess> = HashMap::new();
    let mut scores = [Score::default(), Score::default()];
    let mut kinds = BTreeMap::new();
    for (index, page) in pages.iter().enumerate() {
        let process = open_documents.entry(page.document.clone()).or_insert_with(|| open(&page.document, &never));
        let raw = process.page(page.page - 1, &never).expect("read");
        let mut lines = layout_page(&raw).lines;
        let figures = find_figures(&raw, &mut lines);
        count(&mut scores[index % 2], &mut kinds, page, &figures);
    }
    println!("even entries: {:?}\nodd entries:  {:?}\nfound of each kind: {kinds:?}", scores[0], scores[1]);
    for score in scores {
        assert!(score.pages > 50);
        assert!(score.found * 100 >= score.known * 90, "found: {score:?}");
        assert!(score.false_ones * 100 <= score.known * 10, "false: {score:?}");
        assert!(score.captions_right * 100 >= score.captions * 70, "captions: {score:?}");
    }
    for (kind, (found, known)) in kinds {
        assert!(found * 100 >= known * 85, "{kind}: {found} of {known}");
    }
}

/// A page of one figure: six bars of rising height over a baseline, with labels below and a caption above.
fn bar_chart() -> (RawPage, Vec<Line>) {
    let path = |segments| RawObjectKind::Path {
        stroked: false,
        filled: true,
        fill_rgba: [0, 80, 140, 255],
        stroke_rgba: [0, 0, 0, 255],
        segments,
        curved: false,
    };
    let bar = |i: u8| {
        let left = 100.0 + 20.0 * f32::from(i);
        RawObject { kind: path(5), bbox: Rect::new(left, 280.0 - 15.0 * f32::from(i), left + 12.0, 300.0), form: 0 }
    };
    let raw = RawPage { width_pt: 612.0, height_pt: 792.0, objects: (0..6).map(bar).collect(), ..RawPage::default() };
    let labels = ["2019", "2020", "2021"].iter().zip([100.0, 140.0, 180.0]);
    let mut lines: Vec<Line> =
        labels.map(|(text, left)| line(text, Rect::new(left, 302.0, left + 20.0, 311.0))).collect();
    lines.insert(0, line("Figure 7. Assets", Rect::new(100.0, 170.0, 190.0, 181.0)));
    lines.push(line(
        "The next paragraph says something of these assets at length.",
        Rect::new(72.0, 330.0, 500.0, 341.0),
    ));
    (raw, lines)
}

fn line(text: &str, bbox: Rect) -> Line {
    Line {
        text: text.to_owned(),
        bbox,
        block: 0,
        role: LineRole::Body,
        hyphenated: false,
        words: Vec::new(),
        cells: Vec::new(),
    }
}

#[test]
fn a_chart_has_its_labels_inside_and_its_caption_beside() {
    let (raw, mut lines) = bar_chart();
    let figures = find_figures(&raw, &mut lines);
    assert_eq!(figures.len(), 1, "{figures:?}");
    let caption = figures[0].caption.as_ref().expect("a caption");
    assert_eq!((figures[0].kind, caption.text.as_str()), (FigureKind::Vector, "Figure 7. Assets"));
    assert_eq!((caption.lines.as_slice(), figures[0].lines.as_slice()), (&[0][..], &[1, 2, 3][..]));
    let roles: Vec<LineRole> = lines.iter().map(|line| line.role).collect();
    let inside = LineRole::FigureText;
    assert_eq!(roles, [LineRole::Caption, inside, inside, inside, LineRole::Body]);
    assert_eq!(tiles((raw.width_pt, raw.height_pt), &figures[0]), [figures[0].bbox]);
}

#[test]
fn a_scan_is_cut_into_parts_that_cover_it_and_overlap() {
    let raw = RawPage { width_pt: 612.0, height_pt: 792.0, ..RawPage::default() };
    let bbox = Rect::new(0.0, 0.0, 612.0, 792.0);
    let scan = Figure { bbox, kind: FigureKind::Scan, caption: None, lines: Vec::new() };
    let parts = tiles((raw.width_pt, raw.height_pt), &scan);
    assert!(parts.len() > 1);
    assert_eq!(parts.iter().skip(1).fold(parts[0], |all, part| all.union(part)), bbox);
    assert!(parts[0].intersection(&parts[1]).area() > 0.0);
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -50.0..900.0_f32, 1 => any::<f32>()]
}

fn place() -> impl Strategy<Value = Rect> {
    (number(), number(), number(), number()).prop_map(|(left, top, right, bottom)| Rect { left, top, right, bottom })
}

fn object() -> impl Strategy<Value = RawObject> {
    let path = (any::<bool>(), any::<bool>(), any::<[u8; 4]>(), 0..40_u32, any::<bool>());
    let path = path.prop_map(|(stroked, filled, fill_rgba, segments, curved)| RawObjectKind::Path {
        stroked,
        filled,
        fill_rgba,
        stroke_rgba: [0, 0, 0, 255],
        segments,
        curved,
    });
    let image =
        (any::<u32>(), any::<u32>()).prop_map(|(width_px, height_px)| RawObjectKind::Image { width_px, height_px });
    let kind = prop_oneof![6 => path, 1 => image, 1 => Just(RawObjectKind::Shading)];
    (kind, place()).prop_map(|(kind, bbox)| RawObject { kind, bbox, form: 0 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn boxes_lie_inside_any_page(
        size in (number(), number()),
        objects in prop::collection::vec(object(), 0..200),
        places in prop::collection::vec(place(), 0..40),
        copies in prop_oneof![9 => Just(1_usize), 1 => Just(250)],
    ) {
        let mut raw = RawPage { width_pt: size.0, height_pt: size.1, ..RawPage::default() };
        raw.objects = objects.iter().copied().cycle().take(objects.len() * copies).collect();
        let mut lines: Vec<Line> = places.into_iter().map(|bbox| line("Figure 1 of it", bbox)).collect();
        let started = Instant::now();
        let figures = find_figures(&raw, &mut lines);
        prop_assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        for figure in &figures {
            let b = figure.bbox;
            prop_assert!(b.is_finite() && b.left >= 0.0 && b.top >= 0.0, "{b:?}");
            prop_assert!(b.right <= raw.width_pt && b.bottom <= raw.height_pt, "{b:?}");
            prop_assert!(!tiles((raw.width_pt, raw.height_pt), figure).is_empty());
        }
    }
}
