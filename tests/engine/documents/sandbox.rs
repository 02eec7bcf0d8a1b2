//! The process that reads PDFs gives up what it does not need before PDFium sees a file.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Command, Stdio};

use engine::document::geometry::Rect;
use engine::document::pages::wire::{Reply, Request, read_message, write_message};
use engine::document::pages::{Sandbox, last_sandbox};

use super::pdf_bytes::{one_page, pdf, show_text, stream, text_pdf};
use super::{Files, open_file, pages_options, within_limit};

/// What may be done in the sandbox.
const ALLOWED: [&str; 1] = ["read-font"];

/// What the probe says, as name and error number, before and in the sandbox; see `tests/src/sandbox_probe.rs`.
fn probe(files: &Files) -> (Sandbox, BTreeMap<String, i32>, BTreeMap<String, i32>) {
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    files.add("other.txt", b"nobody's business");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox-probe"));
    child.arg("--pdfium").arg(pages_options().pdfium).arg("--scratch").arg(path.parent().expect("a folder"));
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("started");
    let mut replies = child.stdout.take().expect("piped");
    assert!(matches!(read_message(&mut replies), Ok(Some(Reply::Hello { .. }))));
    let mut requests = child.stdin.take().expect("piped");
    write_message(&mut requests, &Request::Open { path: path.into_os_string(), password: None }).expect("sent");
    let opened = read_message(&mut replies).expect("an answer");
    let Some(Reply::Opened(info, sandbox)) = opened else { panic!("{opened:?}") };
    assert_eq!(info.page_count, 1);
    drop(requests);
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    child.wait().expect("it ends");
    let (mut before, mut within) = (BTreeMap::new(), BTreeMap::new());
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [when, name, code] = words[..] else { panic!("{said}") };
        let place = if when == "before" { &mut before } else { &mut within };
        place.insert(name.to_owned(), code.parse().expect("a number"));
    }
    (sandbox, before, within)
}

#[test]
fn a_process_that_was_taken_over_reaches_nothing() {
    let files = Files::new();
    let (sandbox, before, within) = within_limit("probe", move || probe(&files));
    assert_eq!((before.len(), within.len()), (22, 22), "{before:?} {within:?}");
    // Without Landlock in the kernel, as in some containers, the system calls are held alone.
    let is_full = std::fs::read_to_string("/sys/kernel/security/lsm")
        .map_or(sandbox == Sandbox::Full, |names| names.split(',').any(|name| name == "landlock"));
    assert_eq!(sandbox, if is_full { Sandbox::Full } else { Sandbox::Partial });
    let denied = |code: i32| code == 1 || code == 13;
    for (name, &code) in &within {
        let only_files = name.starts_with("read-") || name == "list-folder";
        if ALLOWED.contains(&name.as_str()) {
            assert!(!denied(code), "{name} is refused: {code}");
        } else if is_full || !only_files {
            assert!(denied(code), "{name} came to {code}, before the sandbox to {}", before[name]);
            assert!(!denied(before[name]), "{name} is refused without a sandbox, so the test shows nothing");
        }
    }
}

#[test]
fn the_program_knows_how_far_the_process_is_held() {
    let files = Files::new();
    let path = files.add("any.pdf", &text_pdf(&["any"]));
    within_limit("known", move || open_file(&path).expect("opened"));
    // Other tests have processes of their own that are not held at all, so what was said last may be theirs.
    assert!(last_sandbox().is_some());
}

#[test]
fn text_in_fonts_that_the_file_does_not_bring_is_drawn() {
    let files = Files::new();
    // One of those that every reader has, and one that only the system may have.
    for font in ["/Subtype/Type1/BaseFont/Helvetica", "/Subtype/TrueType/BaseFont/DejaVuSans"] {
        let objects = [
            b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
            b"<</Type/Pages/Count 1/Kids[4 0 R]>>".to_vec(),
            format!("<</Type/Font{font}/Encoding/WinAnsiEncoding>>").into_bytes(),
            super::pdf_bytes::page_object("/MediaBox[0 0 612 792]", 5),
            stream("", show_text(72, 720, "Total receipts").as_bytes()),
        ];
        let path = files.add("fonts.pdf", &pdf(&objects));
        let ink = within_limit("fonts", move || {
            let mut document = open_file(&path).expect("opened");
            let drawn = document.render(1, Rect::new(0.0, 0.0, 612.0, 792.0), 612, 792).expect("drawn");
            drawn.pixels().filter(|pixel| pixel.0.iter().any(|&value| value < 128)).count()
        });
        assert!(ink > 100, "{font}: {ink} dark pixels");
    }
}

#[test]
fn a_second_file_is_refused() {
    let files = Files::new();
    let path = files.add("any.pdf", &one_page("/MediaBox[0 0 612 792]", ""));
    let options = pages_options();
    within_limit("second", move || {
        let mut child = Command::new(&options.program[0])
            .args(&options.program[1..])
            .arg("--pdfium")
            .arg(&options.pdfium)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut replies = child.stdout.take().expect("piped");
        let mut requests = child.stdin.take().expect("piped");
        assert!(matches!(read_message(&mut replies), Ok(Some(Reply::Hello { .. }))));
        let open = Request::Open { path: path.into_os_string(), password: None };
        write_message(&mut requests, &open).expect("sent");
        assert!(matches!(read_message(&mut replies), Ok(Some(Reply::Opened(..)))));
        write_message(&mut requests, &open).expect("sent");
        assert!(matches!(read_message(&mut replies), Ok(Some(Reply::Refused(_)))));
        drop(requests);
        assert!(child.wait().expect("it ends").success());
    });
}

/// Start and pages a second of the process, for comparing builds: `cargo test --release -- --ignored --nocapture pages_per_second`.
#[test]
#[ignore = "a measurement"]
fn pages_per_second() {
    let path = recto_tests::fixture("pdf/treasury_bulletin_2018_03.pdf");
    let (mut starts, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..11 {
        let started = std::time::Instant::now();
        let mut document = open_file(&path).expect("opened");
        starts.push(started.elapsed().as_secs_f64() * 1e3);
        let started = std::time::Instant::now();
        let selection: Vec<u32> = (1..=document.info().page_count.min(40)).collect();
        document.read_pages(&selection, &mut |_| {}, &engine::cancel::CancelToken::default()).expect("read");
        reads.push(selection.len() as f64 / started.elapsed().as_secs_f64());
    }
    for values in [&mut starts, &mut reads] {
        values.sort_by(f64::total_cmp);
    }
    println!("start {:.1} ms, {:.1} pages/s (medians of {})", starts[5], reads[5], starts.len());
}
