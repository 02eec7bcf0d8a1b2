//! Damage that PDFium repairs or passes over without a word: Recto says that content may be missing.

use std::io::Write;

use engine::cancel::CancelToken;
use engine::protocol::{Command, ComputeOptions, Event, ReadJob, ReadingOptions, RequestId, Source};
use engine::worker::{Engine, EngineOptions};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::pdf_bytes::{FONT, encrypted_pdf, page_object, pdf, show_text, stream, text_pdf};
use super::{Files, open_file, pages_options, read, within_limit};

/// A PDF of three pages of sixty lines each; the content of every page is deflated.
fn deflated_pdf() -> Vec<u8> {
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 3/Kids[4 0 R 6 0 R 8 0 R]>>".to_vec(),
        FONT.as_bytes().to_vec(),
    ];
    for page in 0..3 {
        let line = |line: i32| show_text(72, 780 - 12 * line, &format!("Line {line} of page {page}: {}", line * 7919));
        let content: String = (1..=60).map(line).collect();
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes()).expect("deflated");
        objects.push(page_object("/MediaBox[0 0 612 792]", 5 + 2 * page));
        objects.push(stream("/Filter/FlateDecode", &encoder.finish().expect("deflated")));
    }
    pdf(&objects)
}

/// Where the data of the `n`th stream starts.
fn stream_start(bytes: &[u8], n: usize) -> usize {
    let keyword = b">>stream\n";
    let starts = bytes.windows(keyword.len()).enumerate().filter(|(_, window)| window == keyword);
    starts.map(|(at, _)| at + keyword.len()).nth(n).expect("a stream")
}

fn damage_of(bytes: &[u8]) -> Option<String> {
    let files = Files::new();
    let path = files.add("file.pdf", bytes);
    let found = within_limit("damage", move || open_file(&path).map(|file| file.find_damage(&CancelToken::default())));
    found.expect("opened").expect("not cancelled").map(|damage| damage.to_string())
}

#[test]
fn what_is_damaged_is_said_to_be_so() {
    let whole = deflated_pdf();
    let mut changed = whole.clone();
    let middle = stream_start(&whole, 1) + 300;
    for byte in &mut changed[middle..middle + 4] {
        *byte ^= 0x5a;
    }
    let mut headless = whole.clone();
    headless[stream_start(&whole, 0)..][..2].copy_from_slice(b"\0\0");
    let start = stream_start(&whole, 2);
    let shifted = [&whole[..start + 100], &whole[start + 150..]].concat();
    let pointer = whole.windows(9).rposition(|window| window == b"startxref").expect("a pointer");
    let cut = whole[..pointer].to_vec();
    let table = whole.windows(6).rposition(|window| window == b"\nxref\n").expect("a table");
    let trailer = whole.windows(7).rposition(|window| window == b"trailer").expect("a trailer");
    let lost_table = [&whole[..=table], &whole[trailer..]].concat();
    for (what, bytes, expected) in [
        ("a changed stream", &changed, "1 of its 3 streams cannot be decoded"),
        ("a stream without its head", &headless, "1 of its 3 streams cannot be decoded"),
        ("bytes lost in the middle", &shifted, "1 of its 3 streams cannot be decoded"),
        ("a missing end", &cut, "its end is missing"),
        ("a missing table", &lost_table, "its table of objects is missing"),
    ] {
        let damage = damage_of(bytes).expect(what);
        assert!(damage.starts_with("this file is damaged, and some of its content may be missing ("), "{damage}");
        assert!(damage.contains(expected), "{what}: {damage}");
    }
    let mut moved = text_pdf(&["one", "two", "three"]);
    let at = stream_start(&moved, 1);
    moved.drain(at..at + 5);
    let damage = damage_of(&moved).expect("objects that moved");
    assert!(damage.contains("objects not found where its table says: "), "{damage}");
}

#[test]
fn what_is_whole_is_not_called_damaged() {
    let after_header = [b"junk before the header\n", &deflated_pdf()[..]].concat();
    // Nothing is lost with it: the table is found all the same.
    let wrong_pointer = {
        let mut bytes = deflated_pdf();
        let pointer = bytes.windows(9).rposition(|window| window == b"startxref").expect("a pointer");
        bytes.splice(pointer.., *b"startxref\n7\n%%EOF\n");
        bytes
    };
    for (what, bytes) in [
        ("deflated", deflated_pdf()),
        ("plain", text_pdf(&["one", "two"])),
        ("with junk before it", after_header),
        ("with a pointer to nowhere", wrong_pointer),
        ("text about filters", text_pdf(&["/Filter/FlateDecode is only text"])),
    ] {
        assert_eq!(damage_of(&bytes), None, "{what}");
    }
    let files = Files::new();
    let path = files.add("locked.pdf", &encrypted_pdf("hidden", b""));
    let file = within_limit("locked", move || open_file(&path)).expect("opened");
    assert_eq!(file.find_damage(&CancelToken::default()).expect("not cancelled"), None);
}

#[test]
fn lines_lost_with_a_stream_come_with_a_warning_of_the_engine() {
    let mut bytes = deflated_pdf();
    let at = stream_start(&bytes, 1) + 300;
    bytes[at] ^= 0xff;
    bytes[at + 1] ^= 0xff;
    let files = Files::new();
    let path = files.add("damaged.pdf", &bytes);
    let document = within_limit("read", {
        let path = path.clone();
        move || read(&path)
    });
    let lines: Vec<usize> = document.expect("read").value.pages.iter().map(|page| page.lines.len()).collect();
    assert!(lines[1] < lines[0] && lines[0] == lines[2], "no line was lost: {lines:?}");
    let home = tempfile::tempdir().expect("a folder");
    let options = EngineOptions {
        directories: Some(engine::store::Directories::under(home.path())),
        pages: Some(pages_options()),
        ..EngineOptions::default()
    };
    let job = ReadJob {
        sources: vec![Source { path, password: None }],
        reading: ReadingOptions::default(),
        compute: ComputeOptions::default(),
        plan_only: true,
        figures_to: None,
    };
    let engine = Engine::spawn(options, || ()).expect("started");
    // The second time the pages come from the cache.
    for request in [RequestId(1), RequestId(2)] {
        engine.send(Command::Read { request, job: job.clone() });
        let mut warnings = Vec::new();
        loop {
            match engine.recv().expect("an event") {
                Event::Warning { diagnostic, .. } => warnings.push(diagnostic.to_string()),
                Event::Done { .. } => break,
                Event::Failed { report, .. } => panic!("{report:?}"),
                _ => {}
            }
        }
        assert!(warnings.iter().any(|warning| warning.starts_with("this file is damaged")), "{warnings:?}");
    }
}
